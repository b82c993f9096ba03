"""Measures of money, as far as the ledger knows: what today cost, and what a day costs on which nothing happens."""

from __future__ import annotations

import msgspec

from platos.core.budget import day_start
from platos.core.event import decode_event
from platos.core.instant import DAY, Instant
from platos.core.money import Nano
from platos.store import ReadStore, accounts, measures

__all__ = ["Costs", "read_costs"]

_DAYS = 30


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """In nano-dollars. An idle day is a whole UTC day, of the last thirty, on which no run asked a model."""

    today_nano: Nano
    idle_days: int
    idle_day_nano: Nano | None


async def read_costs(store: ReadStore, now: Instant, zone: str) -> Costs:
    """Today is that of the zone. The average of the idle days is None before the first."""
    spent, until = await accounts.charged(store, day_start(now, zone), now + 1), now // DAY
    since = min(until, max(until - _DAYS, await _first_whole_day(store, until)))
    asked = await measures.days(store, since, until)
    idle = until - since - sum(day.of_runs > 0 for day in asked)
    charged = sum(day.charged for day in asked if not day.of_runs)
    return Costs(today_nano=spent, idle_days=idle, idle_day_nano=-(-charged // idle) if idle else None)


async def _first_whole_day(store: ReadStore, today: int) -> int:
    oldest = await measures.first(store)
    return today if oldest is None else decode_event(oldest).at // DAY + 1
