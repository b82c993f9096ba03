"""Every IANA zone whose clocks are changed in two years, and when."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo, available_timezones

from platos.core.instant import DAY, MINUTE, Instant, parse_instant, to_datetime

__all__ = ["Change", "changes"]

_FIRST, _LAST = parse_instant("2026-01-01"), parse_instant("2028-01-01")
_STEP = 6 * DAY


class Change(NamedTuple):
    """A zone, and the moment from which on its clocks show another time."""

    zone: str
    at: Instant


@cache
def changes() -> tuple[tuple[Change, ...], ...]:
    """For each zone that has any, its changes in order. Changes less than six days apart would be taken for none."""
    found = (tuple(_changes_of(name)) for name in sorted(available_timezones()))
    return tuple(each for each in found if each)


def _changes_of(name: str) -> list[Change]:
    zone = ZoneInfo(name)
    steps = range(_FIRST, _LAST, _STEP)
    return [Change(name, _between(zone, at, at + _STEP)) for at in steps if _differ(zone, at, at + _STEP)]


def _differ(zone: ZoneInfo, one: Instant, other: Instant) -> bool:
    return to_datetime(one).astimezone(zone).utcoffset() != to_datetime(other).astimezone(zone).utcoffset()


def _between(zone: ZoneInfo, low: Instant, high: Instant) -> Instant:
    """The first minute from which on the offset is that of `high`."""
    while high - low > MINUTE:
        middle = (low + high) // 2 // MINUTE * MINUTE
        low, high = (middle, high) if _differ(zone, middle, high) else (low, middle)
    return high
