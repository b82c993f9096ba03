"""An idle day of the recorded streams, by the command itself: the specialists in `benchmarks/streams`.

Where the first argument is a stream's name, it and the others named are replayed. Ends with 1 where a day on which
nothing came cost anything: that is an invariant, and not a figure.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from _measure import report
from _triage_streams import STREAMS

SPECIALISTS = Path(__file__).parents[1] / "streams"
GATED = {"advisories-pypi", "status-github"}
MOST_USD, FEWEST_TIMES = 0.0005, 10_000


def idle_day(name: str) -> dict[str, Any]:
    """What the command says of one stream's specialist."""
    folder = STREAMS / name
    tables = [f"--table={path.stem}={path}" for path in sorted(folder.glob("*.jsonl")) if path.name != "dev.jsonl"]
    command = [sys.executable, "-m", "platos", "idle-day", str(SPECIALISTS / f"{name}.md"), "--json", *tables]
    done = subprocess.run([*command, "--stream", str(folder / "dev.jsonl")], capture_output=True, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def tell(name: str) -> None:
    """The readings of one stream."""
    start = perf_counter()
    design = idle_day(name)["designs"][0]
    idle, recall = design["idle_day"], design["recall"]
    plain, carried, small = (each["idle_day_usd"] for each in design["naive"])
    asked = f" (asked: at most {MOST_USD})" if name in GATED else ""
    report(f"{name}: triage on an idle day{asked}", idle["triage_usd"], "USD")
    report(f"{name}: false alarms", idle["false_alarms_usd"], "USD a day")
    report(f"{name}: audits that went up", idle["audits_usd"], "USD a day")
    report(f"{name}: audits, items that a person is asked about", idle["asked"], "a day")
    silent = f"USD, {design['no_news_days']} such days"
    report(f"{name}: a day without a new item (asked: exactly 0)", design["no_news_usd"], silent)
    report(f"{name}: every wake to a frontier model", plain, "USD a day")
    report(f"{name}: the same, with its transcript", carried, "USD a day")
    report(f"{name}: every wake to a small model", small, "USD a day")
    bound = f" (asked: at most 1/{FEWEST_TIMES:,})" if name in GATED else ""
    report(f"{name}: triage / transcript{bound}", idle["triage_usd"] / carried, "")
    report(f"{name}: triage and false alarms / transcript", idle["usd"] / carried, "")
    report(f"{name}: recall", recall["share"], f"{recall['low']:.3f} to {recall['high']:.3f}")
    report(f"{name}: it took", perf_counter() - start, "s")
    if design["no_news_usd"] != 0:
        sys.exit(f"{name}: a day without a new item cost {design['no_news_usd']} USD")


for stream in sys.argv[1:]:
    tell(stream)
