"""The forecast: what a month will have cost when it is over, if it goes on as it went."""

from __future__ import annotations

import msgspec

from platos.core.budget import Window, day_start, month, month_start, window_end
from platos.core.event import decode_event
from platos.core.instant import Instant
from platos.core.money import Nano
from platos.store import ReadStore, accounts, measures

__all__ = ["Forecast", "read_forecast"]

_DAYS = 7
"""Whole days that a forecast looks back on: a week, for weekends are not like other days."""


class Forecast(msgspec.Struct, frozen=True, kw_only=True):
    """Of the month in the workspace's zone, in nano-dollars: spent so far, and by its end.

    `days` are the whole days that it rests on; before there is one, `nano` is None. `cap_nano` is the month's cap on
    all specialists together, None where there is none.
    """

    month: str
    spent_nano: Nano
    days: int
    nano: Nano | None
    cap_nano: Nano | None


async def read_forecast(store: ReadStore, now: Instant, zone: str, cap: Nano | None) -> Forecast:
    """Spent so far this month, plus the mean of the last whole days, seven at most, times the days that are left.

    Days are those of the zone; of today, what is left of it counts. The days before the first entry of the journal,
    and the one that it is of, are not whole.
    """
    spent = await accounts.charged(store, month_start(now, zone), now + 1)
    days = await _whole_days(store, now, zone)
    known = Forecast(month=month(now, zone), spent_nano=spent, days=days, nano=None, cap_nano=cap)
    if not days:
        return known
    since, today = day_start(now, zone, days), day_start(now, zone)
    lately, left = await accounts.charged(store, since, today), window_end(Window.MONTH, now, zone) - now
    return msgspec.structs.replace(known, nano=spent - (-lately * left // (today - since)))


async def _whole_days(store: ReadStore, now: Instant, zone: str) -> int:
    """How many of the last seven days are over and were lived from their beginning to their end."""
    oldest = await measures.first(store)
    if oldest is None:
        return 0
    began = decode_event(oldest).at
    return sum(day_start(now, zone, before) >= began for before in range(1, _DAYS + 1))
