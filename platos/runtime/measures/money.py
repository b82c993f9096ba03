"""Measures of money, as far as the ledger knows: what today cost, and what a day costs on which nothing happens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from platos.core.budget import day_start
from platos.core.event import decode_event
from platos.core.instant import DAY, Instant
from platos.core.money import Nano
from platos.runtime.measures.told import told_by_name
from platos.store import ReadStore, accounts, journal, measures, specialists
from platos.store.measures import Day

__all__ = ["Costs", "IdleDay", "read_costs"]

_DAYS = 30


class IdleDay(msgspec.Struct, frozen=True, kw_only=True):
    """What an idle day costs a specialist, in nano-dollars, on average over so many; None before the first."""

    days: int
    nano: Nano | None


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """In nano-dollars. An idle day is a whole UTC day, of the last thirty, on which no run asked a model: no run at
    all, and for each specialist by name, none of its own; of those that templates make, of the first who asked one."""

    today_nano: Nano
    idle_days: int
    idle_day_nano: Nano | None
    specialists: dict[str, IdleDay] = msgspec.field(default_factory=dict)


async def read_costs(store: ReadStore, now: Instant, zone: str) -> Costs:
    """Today is that of the zone. An average is None before the first idle day."""
    spent, until = await accounts.charged(store, day_start(now, zone), now + 1), now // DAY
    since = _since(await measures.first(store), until)
    asked = await measures.days(store, since, until)
    every = _idle(asked, until - since)
    names = {*(row.name for row in await specialists.of_files(store)), *(day.specialist for day in asked)}
    told = await told_by_name(store, names)
    own = {name: await _of_specialist(store, name, asked, until) for name in told}
    return Costs(today_nano=spent, idle_days=every.days, idle_day_nano=every.nano, specialists=own)


async def _of_specialist(store: ReadStore, name: str, asked: Iterable[Day], until: int) -> IdleDay:
    """The same, since there is such a specialist."""
    since = _since(await measures.first_of(store, journal.specialist_chain(name)), until)
    return _idle([day for day in asked if day.specialist == name and day.day >= since], until - since)


def _since(oldest: bytes | None, until: int) -> int:
    """The first day that is looked at: the first whole one, thirty days ago at the earliest."""
    whole = until if oldest is None else decode_event(oldest).at // DAY + 1
    return min(until, max(until - _DAYS, whole))


def _idle(asked: Sequence[Day], days: int) -> IdleDay:
    """Of so many days, those on which no run asked a model; `asked` are those on which anything did."""
    busy = {day.day for day in asked if day.of_runs}
    idle, charged = days - len(busy), sum(day.charged for day in asked if day.day not in busy)
    return IdleDay(days=idle, nano=-(-charged // idle) if idle else None)
