"""Occurrences that were not quiet, and slots that did not run. A quiet one is a count in its specialist's row."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.instant import Instant
from platos.core.schedule import Missed
from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["MISSED", "RAN", "OccurrenceRow", "add", "add_missed", "latest", "of_specialist"]

SQL = load("occurrences")

RAN = ("ran", "late")
MISSED = ("coalesced", "skipped")
"""What becomes of slots. A wake-up that nobody's schedule asked for is `by hand`."""


class OccurrenceRow(NamedTuple):
    """One or several slots and what became of them: ran, late, by hand, coalesced, skipped."""

    slot: Instant
    last: Instant
    slots: int
    outcome: str
    why: str
    items: int
    started: Instant
    ended: Instant


def add(tx: Tx, specialist: str, row: OccurrenceRow) -> None:
    """Keep what became of a slot."""
    tx.execute(SQL.add, specialist=specialist, **row._asdict(), checksum=checksum(specialist, *row))


def add_missed(tx: Tx, specialist: str, missed: tuple[Missed, ...], now: Instant) -> None:
    """Keep the slots that will not run, with the reason."""
    for span in missed:
        why = "older than its grace" if span.why == "skipped" else "a later slot ran for it"
        last, count = _furthest(tx, specialist, span)
        add(tx, specialist, OccurrenceRow(span.first, last, count, span.why, why, 0, now, now))


def _furthest(tx: Tx, specialist: str, missed: Missed) -> tuple[Instant, int]:
    """How far slots are given up, and how many: by now, or already while the clock was ahead."""
    row = tx.one(SQL.end, specialist=specialist, slot=missed.first, outcome=missed.why)
    return max((missed.last, missed.count), (row[0], row[1]) if row else (0, 0))


async def of_specialist(store: ReadStore, specialist: str) -> list[OccurrenceRow]:
    """All rows of a specialist, by their first slot."""
    return [OccurrenceRow(*row) for row in await store.all(SQL.of_specialist, specialist=specialist)]


async def latest(store: ReadStore, specialist: str, count: int) -> list[OccurrenceRow]:
    """The last rows of a specialist, newest first."""
    return [OccurrenceRow(*row) for row in await store.all(SQL.latest, specialist=specialist, count=count)]
