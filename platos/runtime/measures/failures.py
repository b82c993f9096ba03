"""Failure patterns: what fails over and over, by its class and by its cause with the particulars taken out."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from platos.core.event import AnyEvent, RunMoved, StepMoved
from platos.core.failure import FailureRecord
from platos.errors import FAILURES, Broken
from platos.runtime.measures.steps import PASSES_ON

__all__ = ["Pattern", "cause_of", "patterns"]

_MOST = 10
_LONGEST = 120
_READ = 1_000
_PARTICULARS = re.compile(r"\b(?=[a-f]*\d)[0-9a-f]{8,}\b|\d+(?:[.,:]\d+)*")


class Pattern(msgspec.Struct, frozen=True, kw_only=True):
    """Failures of one class and cause: how many there were, and the run that had the latest."""

    kind: str
    cause: str
    count: int
    last_run: str


class _Told(NamedTuple):
    """One telling of a failure. A step, a node and a run tell of the same one; `passed_on` is all but the first."""

    run: int
    kind: str
    cause: str
    passed_on: bool


def patterns(events: Iterable[AnyEvent]) -> tuple[Pattern, ...]:
    """The most frequent, most first, out of events that stand newest first."""
    told = list(_tellings(events))
    first_hand = {each[:3] for each in told if not each.passed_on}
    counts: Counter[tuple[str, str]] = Counter()
    last: dict[tuple[str, str], int] = {}
    for each in told:
        if each.passed_on and each[:3] in first_hand:
            continue
        first_hand.add(each[:3])
        counts[each.kind, each.cause] += 1
        last.setdefault((each.kind, each.cause), each.run)
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:_MOST]
    return tuple(Pattern(kind=k, cause=cause, count=n, last_run=f"r{last[k, cause]}") for (k, cause), n in most)


def cause_of(what: str) -> str:
    """The first line of what went wrong, on which numbers and digests are `#`: printable, and short.

    What failed is often told in words from outside, so this is all of them that becomes a name of anything.
    """
    first = what[:_READ].strip().partition("\n")[0]
    plain = "".join(letter if letter.isprintable() else " " for letter in first)
    return _PARTICULARS.sub("#", " ".join(plain.split()))[:_LONGEST]


def _tellings(events: Iterable[AnyEvent]) -> Iterator[_Told]:
    for event in events:
        if isinstance(event, StepMoved) and event.failure is not None:
            yield _told(event.run, event.failure, event.kind in PASSES_ON)
        elif isinstance(event, RunMoved) and event.failure is not None:
            yield _told(event.run, event.failure, True)


def _told(run: int, failure: FailureRecord, passed_on: bool) -> _Told:
    kind = failure.kind if failure.kind in FAILURES else Broken.kind
    return _Told(run, kind, cause_of(failure.what), passed_on)
