"""What rules make of the recorded streams: recall and the share let through, by hand and without a replay.

    python benchmarks/_streams.py [NAME…] [--streams FOLDER] [--misses]

Items go through the tier `rules` alone, a quarter of an hour at a time, as a specialist's wake-ups would hand them on.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import anyio

from platos.clock import InlineOffload, SystemClock
from platos.config.front_matter import read_front_matter
from platos.core.instant import MINUTE, Instant, parse_instant
from platos.core.item import Item, ItemState, StoredItem
from platos.core.verdict import Decision
from platos.ports.part import Environment
from platos.testing.tier import ScriptedBench
from platos.triage.rules import Rules

HERE = Path(__file__).parent
STREAMS = HERE.parent.parent / "shared" / "data" / "streams"
WAKE = 15 * MINUTE
MOST = 500


@dataclass(frozen=True)
class Line:
    """An item, and the truth about it, which is never shown to what is tested."""

    stored: StoredItem
    signal: bool
    label: str


def read(path: Path) -> list[Line]:
    """A recorded stream."""
    with path.open(encoding="utf-8") as file:
        return [_line(number, json.loads(text)) for number, text in enumerate(file, 1)]


def _line(number: int, said: dict[str, Any]) -> Line:
    ts = parse_instant(said["ts"]) if said["ts"] else None
    fields = {"source": said["source"], **said["fields"]}
    item = Item(id=said["id"], text=said["text"], ts=ts, fields=fields)
    seen = ts or 0
    stored = StoredItem(number=number, specialist="s", source="jsonl", item=item, state=ItemState.NEW, seen=seen)
    return Line(stored, said["signal"], said["label"])


def batches(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """What each wake-up brings."""
    for _, due in groupby(lines, key=lambda line: _slot(line.stored.seen)):
        together = list(due)
        yield from (together[start : start + MOST] for start in range(0, len(together), MOST))


def _slot(seen: Instant) -> int:
    return seen // WAKE


def rules_of(specialist: Path, folder: Path) -> Rules:
    """A specialist's rules, with tables that lie in a folder."""
    options = read_front_matter(specialist).values["triage"][0]["rules"]
    return Rules(Rules.Options.model_validate(options), Environment(folder, SystemClock(), InlineOffload(), str))


async def escalated(rules: Rules, lines: Sequence[Line]) -> list[Line]:
    """The lines that rules do not dismiss."""
    bench = ScriptedBench()
    up: list[Line] = []
    for batch in batches(lines):
        verdicts = await rules.judge([line.stored for line in batch], bench)
        up += [line for line, verdict in zip(batch, verdicts, strict=True) if verdict.decision is not Decision.DISMISS]
    return up


def events(name: str, lines: Iterable[Line]) -> dict[str, set[int]]:
    """What there was to be found, each with the items at which it could be."""
    found: dict[str, set[int]] = defaultdict(set)
    for line in lines:
        if name == "status-github" and line.label.endswith(("; opening", "; follow-up")):
            found[line.stored.item.fields["incident_id"]].add(line.stored.number)
        elif name == "metrics-nab" and line.signal:
            found[line.label].add(line.stored.number)
        elif name not in ("status-github", "metrics-nab") and line.signal:
            found[line.stored.item.id].add(line.stored.number)
    return found


def report(name: str, lines: Sequence[Line], up: Sequence[Line], *, misses: bool) -> None:
    """One line for a stream, and its misses where they are wanted."""
    let_through = {line.stored.number for line in up}
    due = events(name, lines)
    missed = [event for event, where in due.items() if not where & let_through]
    share = len(up) / len(lines)
    print(f"{name}: {len(due) - len(missed)} of {len(due)} found, {share:.2%} of {len(lines)} items up")
    if name == "status-github":
        _report_openings(lines, due, let_through)
    if misses:
        print("  missed:", ", ".join(missed[:20]) or "none")


def _report_openings(lines: Sequence[Line], due: dict[str, set[int]], let_through: set[int]) -> None:
    """How many incidents were found at their opening, and how long after it the others were."""
    seen = {line.stored.number: line.stored.seen for line in lines}
    found = {event: min(where & let_through) for event, where in due.items() if where & let_through}
    delays = sorted(
        (seen[at] - seen[min(due[event])]) // MINUTE for event, at in found.items() if at != min(due[event])
    )
    print(f"  at the opening: {len(found) - len(delays)} of {len(due)}; the others after {delays} minutes")


def main() -> None:
    """Score the streams that are there."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", default=sorted(path.stem for path in (HERE / "streams").glob("*.md")))
    parser.add_argument("--streams", type=Path, default=STREAMS)
    parser.add_argument("--misses", action="store_true")
    asked = parser.parse_args()
    for name in asked.names:
        path = asked.streams / name / "dev.jsonl"
        if not path.exists():
            print(f"{name}: skipped, there is no {path}")
            continue
        lines = read(path)
        up = anyio.run(escalated, rules_of(HERE / "streams" / f"{name}.md", path.parent), lines)
        report(name, lines, up, misses=asked.misses)


if __name__ == "__main__":
    main()
