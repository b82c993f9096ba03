"""Occurrences that were not quiet, and slots that did not run. A quiet one is a count in its specialist's row."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.instant import Instant
from platos.core.schedule import Missed
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["OccurrenceRow", "add", "add_missed", "latest"]

SQL = load("occurrences")


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
    tx.execute(SQL.add, specialist=specialist, **row._asdict())


def add_missed(tx: Tx, specialist: str, missed: tuple[Missed, ...], now: Instant) -> None:
    """Keep the slots that will not run, with the reason."""
    for span in missed:
        why = "older than its grace" if span.why == "skipped" else "a later slot ran for it"
        add(tx, specialist, OccurrenceRow(span.first, span.last, span.count, span.why, why, 0, now, now))


async def latest(store: ReadStore, specialist: str, count: int) -> list[OccurrenceRow]:
    """The last rows of a specialist, newest first."""
    return [OccurrenceRow(*row) for row in await store.all(SQL.latest, specialist=specialist, count=count)]
