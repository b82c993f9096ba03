"""What measures are made of: counts of what stands, and the latest entries of the journal, page by page."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.instant import DAY, Instant
from platos.core.money import Nano
from platos.store.sql import load
from platos.store.store import ReadStore

__all__ = [
    "Counts",
    "Day",
    "ModelCalls",
    "Served",
    "before",
    "counts",
    "days",
    "first",
    "first_of",
    "models",
    "open_runs",
    "opened_gates",
    "served",
]

SQL = load("measures")


class Counts(NamedTuple):
    """How many slots have come and wait, and the longest waiting one, if any; wake-ups ever, and quiet ones; runs that
    have failed. What is paused waits for nobody.
    """

    waiting: int
    due: Instant | None
    wakes: int
    quiet: int
    failed: int


class Day(NamedTuple):
    """What a specialist paid models on one UTC day (days since 1970), and how many of the calls were a run's."""

    day: int
    specialist: str
    charged: Nano
    of_runs: int


class ModelCalls(NamedTuple):
    """What was asked of a model in some time: calls, those answered, refused, and asked for to repair an answer; tokens
    by class and what was charged; the runs that asked it, and those of them that waited because it was not sure."""

    calls: int = 0
    answered: int = 0
    refused: int = 0
    repairs: int = 0
    input: int = 0
    cached: int = 0
    stored: int = 0
    stored_long: int = 0
    output: int = 0
    reasoning: int = 0
    charged: Nano = 0
    runs: int = 0
    unsure: int = 0


class Served(NamedTuple):
    """A name under which something really answered, how often, and when first in that time."""

    name: str
    calls: int
    first: Instant


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


async def first_of(store: ReadStore, chain: str) -> bytes | None:
    """The body of the oldest entry of a chain that is kept."""
    row = await store.one(SQL.first_of, chain=chain)
    return row[0] if row else None


async def opened_gates(store: ReadStore, first: int, last: int) -> dict[int, Instant]:
    """When the gates from one number to another were opened."""
    return dict(await store.all(SQL.gates, first=first, last=last))


async def days(store: ReadStore, since: int, until: int) -> list[Day]:
    """The UTC days from one to the one before another on which a specialist asked a model."""
    return [Day(*row) for row in await store.all(SQL.days, day=DAY, since=since * DAY, until=until * DAY)]


async def models(store: ReadStore, since: Instant, until: Instant) -> dict[str, ModelCalls]:
    """What was asked of each model from a moment to the one before another."""
    unsure = {model: counted for model, *counted in await store.all(SQL.unsure, since=since, until=until)}
    rows = await store.all(SQL.models, since=since, until=until)
    return {model: ModelCalls(*sums, *unsure.get(model, (0, 0))) for model, *sums in rows}


async def served(store: ReadStore, since: Instant, until: Instant) -> dict[str, list[Served]]:
    """Who really answered for each model in that time, the most frequent first."""
    found: dict[str, list[Served]] = {}
    for model, *told in await store.all(SQL.served, since=since, until=until):
        found.setdefault(model, []).append(Served(*told))
    return found
