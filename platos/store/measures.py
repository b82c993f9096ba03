"""What measures are made of: counts of what stands, and the latest entries of the journal, page by page."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.instant import DAY, Instant
from platos.core.money import Nano
from platos.store.sql import load
from platos.store.store import ReadStore

__all__ = ["Counts", "Day", "before", "counts", "days", "first", "open_runs", "opened_gates"]

SQL = load("measures")


class Counts(NamedTuple):
    """The longest waiting slot that has come, if any; wake-ups ever, and quiet ones; runs that have failed.

    What is paused waits for nobody.
    """

    due: Instant | None
    wakes: int
    quiet: int
    failed: int


class Day(NamedTuple):
    """What models were paid on one UTC day (days since 1970), and how many of the calls were a run's."""

    day: int
    charged: Nano
    of_runs: int


async def counts(store: ReadStore, now: Instant) -> Counts:
    """What is counted over all that there is."""
    row = await store.one(SQL.counts, now=now)
    assert row is not None
    return Counts(*row)


async def open_runs(store: ReadStore) -> dict[str, int]:
    """How many runs are open, by state."""
    return dict(await store.all(SQL.open_runs))


async def before(store: ReadStore, seq: int, count: int) -> list[tuple[int, bytes]]:
    """Entries of the journal before a number, the newest first, as (number, body)."""
    return [(found, body) for found, body in await store.all(SQL.before, seq=seq, count=count)]


async def first(store: ReadStore) -> bytes | None:
    """The body of the oldest entry that is kept."""
    row = await store.one(SQL.first)
    return row[0] if row else None


async def opened_gates(store: ReadStore, first: int, last: int) -> dict[int, Instant]:
    """When the gates from one number to another were opened."""
    return dict(await store.all(SQL.gates, first=first, last=last))


async def days(store: ReadStore, since: int, until: int) -> list[Day]:
    """The UTC days from one to the one before another on which a model was asked."""
    return [Day(*row) for row in await store.all(SQL.days, day=DAY, since=since * DAY, until=until * DAY)]
