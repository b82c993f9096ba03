"""Platos: each source polled again and again while nothing changes; a year replayed over an empty stream; rules."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
from _measure import make_folder, report

from platos.app import load_app
from platos.clock import InlineOffload, SystemClock
from platos.core.item import Item, ItemState, StoredItem
from platos.core.verdict import Decision
from platos.ports.part import Environment
from platos.ports.source import Source
from platos.testing.tier import ScriptedBench
from platos.triage.rules import Rules

SECONDS = 1.0
ENTRIES = 50
ITEMS, AT_ONCE = 100_000, 500
LEDGER = "".join(json.dumps({"id": str(n), "ts": "2026-01-01", "text": f"Notice {n}"}) + "\n" for n in range(1_000))
FEED = f"""<?xml version="1.0"?><rss version="2.0"><channel><title>Notices</title>{
    "".join(
        f"<item><guid>{n}</guid><title>Notice {n}</title><description>Nothing.</description></item>"
        for n in range(ENTRIES)
    )
}</channel></rss>"""
SOURCES: Mapping[str, Mapping[str, Any]] = {
    "directory": {"path": "inbox"},
    "feed": {"url": "file:feed.xml"},
    "jsonl": {"path": "ledger.jsonl"},
    "git": {"path": "repository"},
    "command": {"argv": ["cat", "ledger.jsonl"]},
}
RULES = {
    "signal": [
        {"words": ["advisory", "vulnerability", "CVE"]},
        {"pattern": r"(?i)\bend of (life|support)\b"},
        {"all": [{"field": "severity", "in": ["high", "critical"]}, {"not": {"words": ["withdrawn"]}}]},
    ],
    "dismiss": [{"words": ["newsletter", "webinar", "invitation"]}],
    "otherwise": "dismiss",
}
YEAR = """---
owner: bench
schedule: "*/15 * * * *"
sources:
  - jsonl: {path: stream.jsonl}
triage:
  - rules: {otherwise: dismiss}
---

Measure.
"""


def cpu() -> float:
    """Seconds of CPU of this process and of those that it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(each.ru_utime + each.ru_stime for each in used)


def make_workspace() -> Path:
    """A folder in which there is something for each source to read."""
    make_folder()
    Path("platos.toml").touch()
    Path("feed.xml").write_text(FEED, "utf-8")
    Path("ledger.jsonl").write_text(LEDGER, "utf-8")
    git = ("git", "-C", "repository", "-c", "user.name=bench", "-c", "user.email=bench@localhost")
    subprocess.run(("git", "init", "--quiet", "repository"), check=True)
    for number in range(ENTRIES):
        subprocess.run((*git, "commit", "--quiet", "--allow-empty", "-m", f"Change {number}"), check=True)
    return Path.cwd()


async def poll_again(name: str, source: Source) -> None:
    """Polls from where the first one ended, for as long as it is measured."""
    cursor = (await source.poll(None)).cursor
    began, used, polls = time.perf_counter(), cpu(), 0
    while time.perf_counter() - began < SECONDS:
        polled = await source.poll(cursor)
        assert polled.cursor == cursor, f"{name}: an unchanged poll moved the cursor"
        assert not polled.items, f"{name}: an unchanged poll found something"
        polls += 1
    report(f"unchanged polls, {name}", polls / (cpu() - used), "polls/s and core")


async def poll_all(root: Path) -> None:
    app = load_app(root, environ={})
    for name, options in SOURCES.items():
        await poll_again(name, app.parts.build("source", name, options))


def replay_a_year() -> None:
    """The whole command, over a stream in which two things happen: one at each end of the year."""
    Path("quiet.md").write_text(YEAR, "utf-8")
    ends = ({"id": str(year), "ts": f"{year}-01-01T00:00:00Z", "text": "New year."} for year in (2025, 2026))
    Path("stream.jsonl").write_text("".join(json.dumps(end) + "\n" for end in ends), "utf-8")
    command = (sys.executable, "-m", "platos", "replay", "quiet.md", "--stream", "stream.jsonl", "--json")
    began = time.perf_counter()
    done = subprocess.run(command, capture_output=True, check=True)
    report("a year replayed, a wake-up every 15 minutes", time.perf_counter() - began, "s")
    assert json.loads(done.stdout)["wakes"] == 365 * 96 + 1


def notice(number: int) -> StoredItem:
    text = f"Notice {number} of the vendor.\n{'Nothing in it asks for action. ' * 10}"
    item = Item(id=str(number), title=f"Notice {number}", text=text, fields={"severity": "low"})
    return StoredItem(number=number, specialist="s", source="list", item=item, state=ItemState.NEW, seen=0)


async def judge_all(root: Path) -> None:
    environment = Environment(root, SystemClock(), InlineOffload(), str)
    rules, bench = Rules(Rules.Options.model_validate(RULES), environment), ScriptedBench()
    batches = [[notice(first + n) for n in range(AT_ONCE)] for first in range(0, ITEMS, AT_ONCE)]
    used = cpu()
    for batch in batches:
        verdicts = await rules.judge(batch, bench)
        assert all(verdict.decision is Decision.DISMISS for verdict in verdicts)
    report("items through four rules", ITEMS / (cpu() - used), "items/s and core")


def main() -> None:
    root = make_workspace()
    anyio.run(poll_all, root)
    replay_a_year()
    anyio.run(judge_all, root)


main()
