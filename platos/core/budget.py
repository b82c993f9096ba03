"""Budgets: caps that people write, and the path of accounts that pays for a model call.

An account is a name with its window: `all/2026-11-21`, `specialist/inbox/2026-11`, `triage/inbox/2026-11-21`,
`run/17`, `item/12/2026-11`. A cap on tokens or on calls is an account of its own beside it: `all/2026-11-21:tokens`.
All of them obey one rule, in every committed state: spent + reserved <= cap + excess.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

import msgspec

from platos.core.instant import DAY, SECOND, Instant, from_datetime, to_datetime, zone_info
from platos.core.money import Nano, dollars

__all__ = [
    "Account",
    "Budget",
    "Cap",
    "CommonBudget",
    "NamedBudget",
    "Unit",
    "Window",
    "date",
    "day_start",
    "month",
    "month_start",
    "node_path",
    "root_of",
    "run_path",
    "share",
    "split",
    "triage_path",
    "unit_of",
    "window_end",
    "window_of",
]


class Unit(StrEnum):
    """What an account counts."""

    USD = "usd"
    TOKENS = "tokens"
    CALLS = "calls"


class Window(StrEnum):
    """How long an account is good for, in the calendar of its zone."""

    DAY = "day"
    MONTH = "month"


class Cap(msgspec.Struct, frozen=True, kw_only=True):
    """The most that may be spent: nano-dollars, tokens of input and output together, calls. None is no cap."""

    usd: Nano | None = None
    tokens: int | None = None
    calls: int | None = None

    def __str__(self) -> str:
        """`$0.50`, or `$0.50, 200 calls`; `no cap` where there is none."""
        usd = [] if self.usd is None else [dollars(self.usd)]
        tokens = [] if self.tokens is None else [f"{self.tokens:,} tokens"]
        calls = [] if self.calls is None else [f"{self.calls:,} calls"]
        return ", ".join(usd + tokens + calls) or "no cap"


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """A specialist's caps.

    `day` and `month` are on all that it spends. `triage_day` is the envelope of triage within them: what is above it
    is left for work, however many items come. `wake` is on the triage of one wake-up, `run` on one run, `item` on
    whatever is asked about one item in a month, alone or with a few others. `accounts` are names of the workspace's own
    accounts that pay too.
    """

    day: Cap
    triage_day: Cap
    run: Cap
    month: Cap = Cap()
    wake: Cap = Cap()
    item: Cap = Cap()
    accounts: tuple[str, ...] = ()


class NamedBudget(msgspec.Struct, frozen=True, kw_only=True):
    """An account that the workspace names: several specialists may share it. `zone` is where its days end."""

    zone: str = "UTC"
    day: Cap = Cap()
    month: Cap = Cap()


class CommonBudget(msgspec.Struct, frozen=True, kw_only=True):
    """The caps on all specialists together, in the workspace's zone, and the accounts that it names."""

    zone: str = "UTC"
    day: Cap = Cap()
    month: Cap = Cap()
    named: dict[str, NamedBudget] = {}


_FEW = 32
"""A question about more items than these is about none of them in particular."""

_NOT_THERE = NamedBudget(day=Cap(usd=0))
"""What an account pays that the workspace does not name any more."""


class Account(NamedTuple):
    """One account of a path: its name, its cap, and from when on there may be another in its place; None is never."""

    name: str
    cap: int
    ends: Instant | None = None


def date(at: Instant, zone: str) -> str:
    """The date there: `2026-11-21`."""
    return _day(at // SECOND, zone).date


def month(at: Instant, zone: str) -> str:
    """The month there: `2026-11`."""
    return date(at, zone)[:7]


def day_start(at: Instant, zone: str, days_before: int = 0) -> Instant:
    """The first instant of the day around a moment there, or of one so many days before."""
    there = zone_info(zone)
    day = to_datetime(at).astimezone(there).date() - timedelta(days=days_before)
    return from_datetime(datetime.combine(day, time(), there))


def month_start(at: Instant, zone: str) -> Instant:
    """The first instant of the month around a moment there."""
    there = zone_info(zone)
    first = to_datetime(at).astimezone(there).date().replace(day=1)
    return from_datetime(datetime.combine(first, time(), there))


def window_end(window: Window, at: Instant, zone: str) -> Instant:
    """When the window around a moment ends: the first instant of the next day, or month, there."""
    day = _day(at // SECOND, zone)
    return day.ends if window is Window.DAY else day.month_ends


class _Day(NamedTuple):
    """A day in a zone: its date, when it ends, and when its month does."""

    date: str
    ends: Instant
    month_ends: Instant


@lru_cache(maxsize=256)
def _day(second: int, zone: str) -> _Day:
    there = zone_info(zone)
    start = to_datetime(second * SECOND).astimezone(there).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    tomorrow = to_datetime(from_datetime(start) + DAY + DAY // 2).astimezone(there)
    next_month = to_datetime(from_datetime(start.replace(day=1)) + 45 * DAY).astimezone(there)
    return _Day(start.date().isoformat(), _first(tomorrow), _first(next_month.replace(day=1)))


def _first(day: datetime) -> Instant:
    """The first instant of the day that a moment lies in."""
    return from_datetime(day.replace(hour=0, minute=0, second=0, microsecond=0, fold=0))


def triage_path(
    name: str, budget: Budget, common: CommonBudget, *, zone: str, at: Instant, wake: Instant, items: Sequence[int]
) -> tuple[Account, ...]:
    """Who pays for a question of triage in the wake-up that began at `wake`; the next has an account of its own."""
    triage = _windows(f"triage/{name}", Cap(), budget.triage_day, at, zone)
    of_wake = _capped(f"wake/{name}/{date(wake, zone)}T{wake}", budget.wake, at)
    return (*_shared(name, budget, common, at, zone), *triage, *of_wake, *_items(budget, at, zone, items))


def run_path(
    name: str, budget: Budget, common: CommonBudget, *, zone: str, at: Instant, run: int, items: Sequence[int]
) -> tuple[Account, ...]:
    """Who pays for a model call of a run."""
    of_run = _capped(f"run/{run}", budget.run, None)
    return (*_shared(name, budget, common, at, zone), *of_run, *_items(budget, at, zone, items))


def node_path(run: int, revision: int, cap: Cap, shares: Mapping[str, int]) -> tuple[Account, ...]:
    """Who pays, beside the run, for a model call of a node: an account for each node on the way to it that has a share
    of the run's cap. `shares` are percent, by instance path."""
    found: list[Account] = []
    for path, share in shares.items():
        part = Cap(
            usd=None if cap.usd is None else cap.usd * share // 100,
            tokens=None if cap.tokens is None else cap.tokens * share // 100,
            calls=None if cap.calls is None else cap.calls * share // 100,
        )
        found += _capped(f"run/{run}/{revision}/{path}", part, None)
    return tuple(found)


def unit_of(account: str) -> Unit:
    """What an account counts, by its name."""
    _, _, unit = account.partition(":")
    return Unit(unit or Unit.USD)


def root_of(account: str) -> str:
    """The account without its window and its unit: `specialist/inbox` of `specialist/inbox/2026-11-21:calls`."""
    path = account.partition(":")[0].split("/")
    return path[0] if path[0] == "all" else "/".join(path[:2])


def window_of(account: str) -> str:
    """The window in an account's name: `2026-11-21` of `specialist/inbox/2026-11-21:calls`; empty where it has none."""
    return account.partition(":")[0].removeprefix(root_of(account)).lstrip("/")


def share(account: str, amount: int, items: int) -> int:
    """What an account bears of an amount: an item its part of what is asked about several, rounded up."""
    return -(-amount // items) if items > 1 and account.startswith("item/") else amount


def split(amount: int, items: int) -> list[int]:
    """An amount in whole parts, as even as they can be: what each of so many items has to do with it. They add up."""
    each, more = divmod(amount, items)
    return [each + (place < more) for place in range(items)]


def _shared(name: str, budget: Budget, common: CommonBudget, at: Instant, zone: str) -> Iterator[Account]:
    yield from _windows("all", common.month, common.day, at, common.zone)
    for each in budget.accounts:
        named = common.named.get(each, _NOT_THERE)
        yield from _windows(f"named/{each}", named.month, named.day, at, named.zone)
    yield from _windows(f"specialist/{name}", budget.month, budget.day, at, zone)


def _windows(root: str, of_month: Cap, of_day: Cap, at: Instant, zone: str) -> Iterator[Account]:
    if of_month != Cap():
        yield from _capped(f"{root}/{month(at, zone)}", of_month, window_end(Window.MONTH, at, zone))
    if of_day != Cap():
        yield from _capped(f"{root}/{date(at, zone)}", of_day, window_end(Window.DAY, at, zone))


def _items(budget: Budget, at: Instant, zone: str, items: Sequence[int]) -> Iterator[Account]:
    if 0 < len(items) <= _FEW and budget.item != Cap():
        named, end = month(at, zone), window_end(Window.MONTH, at, zone)
        for item in items:
            yield from _capped(f"item/{item}/{named}", budget.item, end)


def _capped(name: str, cap: Cap, ends: Instant | None) -> Iterator[Account]:
    if cap.usd is not None:
        yield Account(name, cap.usd, ends)
    if cap.tokens is not None:
        yield Account(f"{name}:{Unit.TOKENS}", cap.tokens, ends)
    if cap.calls is not None:
        yield Account(f"{name}:{Unit.CALLS}", cap.calls, ends)
