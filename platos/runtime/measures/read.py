"""One set of measures, made of what the store says and of what the running process counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from platos.core.budget import Account
from platos.core.instant import SECOND, Instant, iso
from platos.ports.offload import Offload
from platos.runtime.measures.accounts import AccountState, FrozenState, read_accounts, read_frozen
from platos.runtime.measures.counters import Live
from platos.runtime.measures.failures import Pattern, patterns
from platos.runtime.measures.models import ModelState, read_models
from platos.runtime.measures.money import Costs, read_costs
from platos.runtime.measures.runs import OPEN, Review, decisions, endings, replanned, review
from platos.runtime.measures.steps import Spread, Tried, retries, spreads, timeouts
from platos.runtime.measures.triage import TriageState, read_triage
from platos.runtime.measures.window import Window, look_back
from platos.store import ReadStore, breakers, measures

__all__ = ["Breaker", "Measures", "Money", "Seen", "Wakes", "read_measures"]


class Wakes(msgspec.Struct, frozen=True, kw_only=True):
    """Wake-ups ever and the quiet ones among them; how many slots have come whose wake-up has not ended, and how long
    the longest waiting one of them has been due."""

    total: int
    quiet: int
    quiet_share: float | None
    waiting: int
    waiting_seconds: float


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """The window: when it begins, how long ago that is, its entries, and whether all of the last day is in it."""

    since: str
    seconds: float
    entries: int
    whole: bool


class Breaker(msgspec.Struct, frozen=True, kw_only=True):
    """A model that is not called until a person has mended its key or its bill."""

    model: str
    cause: str
    since: str


class Money(msgspec.Struct, frozen=True, kw_only=True):
    """How money and models stand: the accounts that pay now, what is frozen, open breakers, and every model."""

    accounts: tuple[AccountState, ...] = ()
    frozen: tuple[FrozenState, ...] = ()
    breakers: tuple[Breaker, ...] = ()
    models: tuple[ModelState, ...] = ()


class Measures(msgspec.Struct, frozen=True, kw_only=True):
    """All of them. `ended`, `replanned`, `steps`, `retries`, `timeouts`, `review` and `failures` are the window's."""

    window: Seen
    wakes: Wakes
    open_runs: dict[str, int]
    dead_letters: int
    ended: dict[str, int]
    replanned: int
    steps: dict[str, Spread]
    retries: Tried
    timeouts: Tried
    review: Review
    failures: tuple[Pattern, ...]
    costs: Costs
    money: Money
    live: Live
    triage: dict[str, TriageState] = {}


class _Read(NamedTuple):
    """What was read to make them of."""

    counts: measures.Counts
    open_runs: dict[str, int]
    window: Window
    opened_gates: dict[int, Instant]
    costs: Costs
    money: Money
    triage: dict[str, TriageState]


async def read_measures(
    store: ReadStore, offload: Offload, now: Instant, zone: str, live: Live, paying: Sequence[Account] = ()
) -> Measures:
    """The measures now; money's today is that of the zone, `paying` are the accounts in force. Raises StoreCorrupt."""
    window = await look_back(store, offload, now)
    answered = decisions(window.events)
    read = _Read(
        counts=await measures.counts(store, now),
        open_runs=await measures.open_runs(store),
        window=window,
        opened_gates=await measures.opened_gates(store, min(answered), max(answered)) if answered else {},
        costs=await read_costs(store, now, zone),
        money=await _read_money(store, offload, now, paying),
        triage=await read_triage(store, now),
    )
    return await offload(_measure, read, now, live)


def _measure(read: _Read, now: Instant, live: Live) -> Measures:
    events = read.window.events
    return Measures(
        window=_seen(read.window, now),
        wakes=_wakes(read.counts, now),
        open_runs={state: read.open_runs.get(state, 0) for state in OPEN},
        dead_letters=read.counts.failed,
        ended=endings(events),
        replanned=replanned(events),
        steps=spreads(events),
        retries=retries(events),
        timeouts=timeouts(events),
        review=review(events, read.opened_gates),
        failures=patterns(events),
        costs=read.costs,
        money=read.money,
        triage=read.triage,
        live=live,
    )


async def _read_money(store: ReadStore, offload: Offload, now: Instant, paying: Sequence[Account]) -> Money:
    opened = await breakers.every(store)
    return Money(
        accounts=await read_accounts(store, paying),
        frozen=await read_frozen(store),
        breakers=tuple(Breaker(model=each.model, cause=each.cause, since=iso(each.since)) for each in opened),
        models=await read_models(store, offload, now),
    )


def _wakes(counts: measures.Counts, now: Instant) -> Wakes:
    longest = 0 if counts.due is None else now - counts.due
    return Wakes(
        total=counts.wakes,
        quiet=counts.quiet,
        quiet_share=counts.quiet / counts.wakes if counts.wakes else None,
        waiting=counts.waiting,
        waiting_seconds=longest / SECOND,
    )


def _seen(window: Window, now: Instant) -> Seen:
    length = max(0, now - window.since) / SECOND
    return Seen(since=iso(window.since), seconds=length, entries=window.entries, whole=window.whole)
