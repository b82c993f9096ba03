"""What every benchmark shares: contenders in processes of their own, interleaved rounds, a table for people, and JSON.

A contender is a script that prints its readings, one JSON object a line: `what`, `value`, `unit`, and `against` where
it is compared with what others call otherwise. Each round starts every contender once, one after the other, so that
what the machine does meanwhile falls on all of them. One that cannot run is a row that says why.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

__all__ = ["OURS", "Contender", "own", "peer", "run"]

OURS = "platos"
_HERE = Path(__file__).parent
_PATIENCE = 180
"""Seconds after which a contender is given up, unless it says otherwise. A quiet machine needs a tenth of it."""

_KEPT_LOCAL = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_BLOG_POSTS": "True",
    "LITELLM_MODE": "PRODUCTION",
}
"""What keeps litellm from asking the network while it is imported."""


@dataclass(frozen=True)
class Contender:
    """Somebody who does the work: a name (its package's, in lower case; `floor` is the bare limit) and a command.

    `full` is the command at full size, where that takes long, and `patience` the seconds after which it is given up.
    """

    name: str
    command: tuple[str, ...]
    full: tuple[str, ...] = ()
    patience: int = _PATIENCE


def own(name: str, script: str, *arguments: str, full: str = "", patience: int = _PATIENCE) -> Contender:
    """A contender that runs in this project's environment. `full` is its one argument at full size."""
    command = (sys.executable, str(_HERE / "contenders" / script))
    return Contender(name, (*command, *arguments), (*command, full) if full else (), patience)


def peer(name: str, script: str) -> Contender:
    """A contender whose packages its script's metadata names. uv fetches them, as of the date that we see ourselves."""
    project = tomllib.loads((_HERE.parent / "pyproject.toml").read_text("utf-8"))
    newest = project["tool"]["uv"]["exclude-newer"]
    uv = (os.environ.get("UV", "uv"), "run", "--quiet", "--exclude-newer", newest)
    return Contender(name, (*uv, "--python", sys.executable, "--script", str(_HERE / "contenders" / script)))


@dataclass
class Readings:
    """One measure of one contender, over all rounds."""

    what: str
    unit: str
    against: str
    values: list[float] = field(default_factory=list)

    @property
    def value(self) -> float:
        return median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        return min(self.values), max(self.values)


@dataclass
class Results:
    """All readings by contender, and why somebody could not run."""

    by: dict[str, dict[str, Readings]] = field(default_factory=dict)
    not_run: dict[Contender, str] = field(default_factory=dict)

    def add(self, name: str, reading: dict[str, Any]) -> None:
        what = reading["what"]
        kept = Readings(what, reading["unit"], reading.get("against", what))
        self.by.setdefault(name, {}).setdefault(what, kept).values.append(reading["value"])

    def peers(self, ours: Readings) -> dict[str, Readings]:
        """What the others read of the same measure."""
        others = {name: readings for name, readings in self.by.items() if name != OURS}
        return {name: readings[ours.against] for name, readings in others.items() if ours.against in readings}


def run(title: str, contenders: Sequence[Contender], *, rounds: int) -> None:
    """Measure what the command line asks for, and print it. `rounds` is how many rounds there are unless told."""
    options = argparse.ArgumentParser(description=title)
    options.add_argument("--rounds", type=int, default=rounds, help=f"how often each contender runs ({rounds})")
    options.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    if any(contender.full for contender in contenders):
        options.add_argument("--full", action="store_true", help="measure at full size, which takes much longer")
    asked = options.parse_args()
    if vars(asked).get("full"):
        contenders = [replace(each, command=each.full or each.command) for each in contenders]
    results = _measure(contenders, asked.rounds)
    if asked.json:
        print(json.dumps({"schema": 1, "machine": _machine(), "rows": _rows(results)}))
    else:
        _print_table(title, results)


def _measure(contenders: Sequence[Contender], rounds: int) -> Results:
    results = Results()
    for number in range(1, rounds + 1):
        for contender in contenders:
            if contender not in results.not_run:
                print(f"round {number} of {rounds}: {contender.name}", file=sys.stderr)
                _run_once(contender, results)
    return results


def _run_once(contender: Contender, results: Results) -> None:
    """Start a contender in an empty folder and keep what it reads."""
    folder = tempfile.mkdtemp(prefix="bench-")
    env = {**os.environ, **_KEPT_LOCAL, "XDG_CONFIG_HOME": folder}
    try:
        for line in _said(contender, folder, env).splitlines():
            results.add(contender.name, json.loads(line))
    except subprocess.CalledProcessError as failed:
        results.not_run[contender] = _last_words(failed.stderr) or f"it ended with {failed.returncode}"
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        results.not_run[contender] = str(error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _said(contender: Contender, folder: str, env: dict[str, str]) -> str:
    """What a contender prints. One that is given up ends with every process that it has begun.

    Raises CalledProcessError, or TimeoutExpired.
    """
    pipe, command = subprocess.PIPE, contender.command
    begun = subprocess.Popen(command, cwd=folder, env=env, stdout=pipe, stderr=pipe, text=True, start_new_session=True)
    try:
        said, errors = begun.communicate(timeout=contender.patience)
    except BaseException:
        os.killpg(begun.pid, signal.SIGKILL)
        begun.communicate()
        raise
    if begun.returncode:
        raise subprocess.CalledProcessError(begun.returncode, command, said, errors)
    return said


def _last_words(stderr: str) -> str:
    """The last line that says something: the frame around a group of errors does not."""
    said = [line.strip(" |+-") for line in stderr.splitlines()]
    return next((line for line in reversed(said) if line), "")


def _machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
    }


def _rows(results: Results) -> list[dict[str, Any]]:
    """A row for each of our measures, with what each peer read and our value divided by it; then a row for each who
    could not run."""
    rows: list[dict[str, Any]] = []
    for ours in results.by.get(OURS, {}).values():
        found = results.peers(ours)
        vs = {name: round(ours.value / peer.value, 3) for name, peer in found.items() if peer.value > 0}
        peers = {name: {"value": peer.value, "spread": peer.spread} for name, peer in found.items()}
        row = {"what": ours.what, "value": ours.value, "unit": ours.unit, "spread": ours.spread}
        rows.append({**row, "vs": vs, "peers": peers})
    for contender, why in results.not_run.items():
        what = f"{contender.name}: not run: {why}"
        rows.append({"what": what, "value": None, "unit": "", "spread": [None, None], "vs": {}, "peers": {}})
    return rows


def _print_table(title: str, results: Results) -> None:
    machine = _machine()
    caption = f"{machine['cores']} cores, {machine['system']}, Python {machine['python']}, SQLite {machine['sqlite']}"
    table = Table(title=title, caption=caption)
    for heading, side in (("what", "left"), ("by", "left"), ("median", "right"), ("least .. most", "right")):
        table.add_column(heading, justify="right" if side == "right" else "left")
    table.add_column("unit")
    table.add_column("platos / peer", justify="right")
    for ours in results.by.get(OURS, {}).values():
        table.add_section()
        table.add_row(ours.what, OURS, *_figures(ours), "")
        for name, theirs in results.peers(ours).items():
            ratio = f"{ours.value / theirs.value:.2f}" if theirs.value > 0 else ""
            table.add_row("", name, *_figures(theirs), ratio)
    for contender, why in results.not_run.items():
        table.add_section()
        table.add_row(f"not run: {why}", contender.name)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _figures(readings: Readings) -> tuple[str, str, str]:
    least, most = readings.spread
    return _short(readings.value), f"{_short(least)} .. {_short(most)}", readings.unit


def _short(value: float) -> str:
    """Three digits that count, or more where they stand before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 or value == int(value) else f"{value:.3g}"
