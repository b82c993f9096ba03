"""The days of a replay: what came on each, what was spent on what, and what naive agents would have spent."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import NamedTuple

from platos.cli._idle_naive import Naive, Wake, naive_agents
from platos.cli._idle_prices import Named, Pair
from platos.cli._list_prices import words_at
from platos.cli._replay_play import end_of
from platos.cli._replay_recording import Recording
from platos.core.audit import To
from platos.core.instant import DAY, Instant
from platos.core.item import ItemState, StoredItem
from platos.core.money import Nano, Usage, charge_for
from platos.core.specialist import Specialist
from platos.store import ReadStore, accounts, audits, items, runs
from platos.store.accounts import Asked

__all__ = ["OFFLINE", "Day", "Days", "Replay", "list_price_of", "live_again"]

OFFLINE = "offline"
_ALL = 1_000_000_000


@dataclass
class Day:
    """One day of UTC: how many items came and how many of them were signals, what was spent on what, how many alarms
    were false, and about how many items a person was asked."""

    items: int = 0
    signals: int = 0
    triage: Nano = 0
    work: Nano = 0
    false_alarms: Nano = 0
    audits: Nano = 0
    alarms: int = 0
    asked: int = 0

    @property
    def spent(self) -> Nano:
        return self.triage + self.work + self.false_alarms + self.audits


class Days(NamedTuple):
    """All of them by number since 1970, and the naive agents on the same wake-ups.

    `there` wake-ups brought a signal, and `found` of them let one through.
    """

    by_number: dict[int, Day]
    naive: list[Naive]
    there: int
    found: int

    @property
    def spent(self) -> Nano:
        return sum(day.spent for day in self.by_number.values())

    def idle(self) -> dict[int, Day]:
        """Those on which no signal came."""
        return {number: day for number, day in self.by_number.items() if not day.signals}

    def without_news(self) -> dict[int, Day]:
        """Those on which nothing came."""
        return {number: day for number, day in self.by_number.items() if not day.items}


class Replay(NamedTuple):
    """A replay that is over, and what it is priced as."""

    store: ReadStore
    specialist: Specialist
    recording: Recording
    pair: Pair

    def is_signal(self, stored: StoredItem) -> bool:
        """By the recording; where that does not say, by triage."""
        truth = self.recording.truth
        return stored.state is ItemState.SIGNAL if truth is None else truth.get(stored.item.id, False)


async def live_again(its: Replay) -> Days:
    """Go through what the store of a replay has, day by day."""
    arrived = [stored async for stored in items.every(its.store, its.specialist.name)]
    slots = list(_slots(its))
    days = {number: Day() for number in range(slots[0] // DAY, slots[-1] // DAY + 1)}
    _count(its, arrived, days)
    await _spend_on_triage(its, days)
    await _spend_on_runs(its, arrived, days)
    signals = [stored for stored in arrived if its.is_signal(stored)]
    return Days(
        by_number=days,
        naive=naive_agents(its.pair, len(its.specialist.scope), _wakes(slots, arrived)),
        there=len({stored.seen for stored in signals}),
        found=len({stored.seen for stored in signals if stored.state is ItemState.SIGNAL}),
    )


def list_price_of(asked: Asked, named: Named) -> Nano:
    """What a model of that price would have charged for it."""
    if asked.model == OFFLINE:
        return words_at(named.price, asked.tokens_in, asked.tokens_out)
    return charge_for(named.price, Usage(input=asked.tokens_in, output=asked.tokens_out))


def _slots(its: Replay) -> Iterator[Instant]:
    schedule = its.specialist.schedule
    end = end_of(its.recording, schedule)
    return takewhile(lambda slot: slot < end, schedule.slots_after(its.recording.first - 1))


def _wakes(slots: Sequence[Instant], arrived: Iterable[StoredItem]) -> Iterator[Wake]:
    chars: Counter[int] = Counter()
    for stored in arrived:
        chars[bisect_right(slots, stored.seen) - 1] += len(stored.item.full_text)
    return (Wake(slot, chars[place]) for place, slot in enumerate(slots))


def _count(its: Replay, arrived: Iterable[StoredItem], days: Mapping[int, Day]) -> None:
    for stored in arrived:
        day = days[stored.seen // DAY]
        day.items += 1
        day.signals += its.is_signal(stored)


async def _spend_on_triage(its: Replay, days: Mapping[int, Day]) -> None:
    for asked in await accounts.triage_by_day(its.store, its.specialist.name):
        days[asked.of].triage += list_price_of(asked, its.pair.small)


async def _spend_on_runs(its: Replay, arrived: Iterable[StoredItem], days: Mapping[int, Day]) -> None:
    """A run with a signal is work; one of items that only audits let through is an audit's; any other, false alarm."""
    drawn = await audits.every(its.store, its.specialist.name)
    for to, at in drawn.values():
        days[at // DAY].asked += to is To.PERSON
    lifted = {number for number, (to, _) in drawn.items() if to is To.UP}
    about: dict[int, list[StoredItem]] = defaultdict(list)
    for stored in arrived:
        if stored.run is not None:
            about[stored.run].append(stored)
    spent: Counter[int] = Counter()
    for asked in await accounts.by_run(its.store, its.specialist.name):
        spent[asked.of] += list_price_of(asked, its.pair.frontier)
    for run in await runs.latest(its.store, _ALL, its.specialist.name):
        day = days[run.opened // DAY]
        if any(map(its.is_signal, about[run.id])):
            day.work += spent[run.id]
        elif all(stored.number in lifted for stored in about[run.id]):
            day.audits += spent[run.id]
        else:
            day.false_alarms += spent[run.id]
            day.alarms += 1
