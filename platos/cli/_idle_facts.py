"""What an idle day comes to, design by design: reckoned here, told and drawn elsewhere."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import msgspec

from platos.cli._idle_days import Day, Days, Replay, list_price_of, live_again
from platos.cli._idle_naive import Naive
from platos.cli._replay_facts import Replayed, TierTold, Truth
from platos.core.money import NANO, Nano
from platos.core.proportion import interval
from platos.store import accounts

__all__ = ["Design", "IdleDay", "NaiveTold", "Recall", "Told", "UsefulWake", "gather_design"]


class IdleDay(msgspec.Struct, frozen=True, kw_only=True):
    """The average of so many idle days: US dollars for triage, for false alarms and for audits that went up, and all of
    it; how many false alarms, and about how many items a person was asked."""

    days: int
    triage_usd: float
    false_alarms_usd: float
    audits_usd: float
    usd: float
    false_alarms: float
    asked: float


class UsefulWake(msgspec.Struct, frozen=True, kw_only=True):
    """So many wake-ups let a signal through; all that was ever spent, for each of them."""

    wakes: int
    usd: float | None


class Recall(msgspec.Struct, frozen=True, kw_only=True):
    """How many of the signals were found, and the 95 % interval of that share (Clopper and Pearson)."""

    signals: int
    found: int
    share: float
    low: float
    high: float


class NaiveTold(msgspec.Struct, frozen=True, kw_only=True):
    """An agent that asks a model at every wake-up: an idle day of it, a wake-up that brought a signal, and all."""

    name: str
    model: str
    idle_day_usd: float | None
    useful_wake_usd: float | None
    usd: float


class Design(msgspec.Struct, frozen=True, kw_only=True):
    """One specialist on the recording. All money is at list prices.

    `idle_day` is null where a signal came on every day, `no_news_usd` (of a day on which nothing came) where something
    came on every day, and `recall` where the recording does not know of a signal.
    """

    name: str
    file: str
    definition: str
    wakes: int
    quiet_wakes: int
    items: int
    escalated: int
    runs: int
    tiers: dict[str, TierTold]
    idle_day: IdleDay | None
    no_news_days: int
    no_news_usd: float | None
    useful_wake: UsefulWake
    usd: float
    recall: Recall | None
    naive: tuple[NaiveTold, ...]


class Told(NamedTuple):
    """A design, and its days one by one."""

    design: Design
    days: Days


async def gather_design(its: Replay, replayed: Replayed, name: str, file: str) -> Told:
    """Everything about one design. `name` is what people call it."""
    days = await live_again(its)
    idle, silent = days.idle(), days.without_news()
    design = Design(
        name=name,
        file=file,
        definition=its.specialist.digest,
        wakes=replayed.wakes,
        quiet_wakes=replayed.quiet_wakes,
        items=replayed.items,
        escalated=len(replayed.escalated),
        runs=replayed.runs,
        tiers=await _at_list_price(its, replayed.tiers),
        idle_day=_average(idle.values()) if idle else None,
        no_news_days=len(silent),
        no_news_usd=_each(sum(day.spent for day in silent.values()), len(silent)),
        useful_wake=UsefulWake(wakes=days.found, usd=_each(days.spent, days.found)),
        usd=days.spent / NANO,
        recall=_recall(replayed.truth) if isinstance(replayed.truth, Truth) else None,
        naive=tuple(_naive(each, idle.keys(), days.there) for each in days.naive),
    )
    return Told(design, days)


async def _at_list_price(its: Replay, tiers: dict[str, TierTold]) -> dict[str, TierTold]:
    spent = dict.fromkeys(tiers, 0)
    for asked in await accounts.triage_by_day(its.store, its.specialist.name):
        spent[asked.tier] += list_price_of(asked, its.pair.small)
    return {name: msgspec.structs.replace(told, usd=spent[name] / NANO) for name, told in tiers.items()}


def _average(days: Collection[Day]) -> IdleDay:
    def each(amount: float) -> float:
        return amount / len(days)

    triage, false, up = (
        each(sum(getattr(day, name) for day in days)) / NANO for name in ("triage", "false_alarms", "audits")
    )
    return IdleDay(
        days=len(days),
        triage_usd=triage,
        false_alarms_usd=false,
        audits_usd=up,
        usd=triage + false + up,
        false_alarms=each(sum(day.alarms for day in days)),
        asked=each(sum(day.asked for day in days)),
    )


def _naive(agent: Naive, idle: Collection[int], useful: int) -> NaiveTold:
    return NaiveTold(
        name=agent.name,
        model=agent.model,
        idle_day_usd=_each(sum(agent.by_day.get(number, 0) for number in idle), len(idle)),
        useful_wake_usd=_each(agent.total, useful),
        usd=agent.total / NANO,
    )


def _recall(truth: Truth) -> Recall | None:
    if truth.recall is None:
        return None
    low, high = interval(truth.found, truth.signals)
    return Recall(signals=truth.signals, found=truth.found, share=truth.recall, low=low, high=high)


def _each(amount: Nano, count: int) -> float | None:
    return amount / NANO / count if count else None
