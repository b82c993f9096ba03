"""What the scratch store says of a replay: gathered here, told elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import msgspec

from platos.cli._replay_money import Naive
from platos.cli._replay_recording import Recording
from platos.core.item import ItemState, StoredItem
from platos.core.money import NANO, Nano
from platos.core.specialist import Specialist
from platos.core.verdict import Decision
from platos.store import ReadStore, accounts, items, runs, specialists, verdicts
from platos.store.accounts import TierSpend

__all__ = ["Facts", "Named", "Replayed", "TierTold", "Truth", "gather"]

_MOST_NAMED = 5


class TierTold(msgspec.Struct, frozen=True, kw_only=True):
    """What one tier did: how many items it saw and where they went (`passed`: let through, or left to the next), and
    what it asked models."""

    seen: int
    dismissed: int
    passed: int
    waiting: int
    calls: int
    tokens_in: int
    tokens_out: int
    usd: float


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """The score, where the recording says what is a signal. `recall` is null where nothing is."""

    signals: int
    found: int
    recall: float | None
    escalated_share: float
    missed: tuple[str, ...]


class Replayed(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay came to. `escalated` are the ids of the items let through, each once, in order of arrival.

    `naive_usd` is an estimate: every wake-up, with what was new in it, sent to `naive_model` at its list price.
    """

    days: float
    wakes: int
    quiet_wakes: int
    items: int
    escalated: tuple[str, ...]
    tiers: dict[str, TierTold]
    usd: float
    naive_usd: float
    naive_model: str
    runs: int
    truth: Truth | msgspec.UnsetType = msgspec.UNSET


class Named(NamedTuple):
    """An item, for people: what its last tier said of it."""

    id: str
    title: str
    because: str


class Facts(NamedTuple):
    """The result, and some items by name."""

    result: Replayed
    escalated: list[Named]
    missed: list[Named]


class _Arrived(NamedTuple):
    """All items: how many versions, of each id the first that was let through or else the last, and all characters."""

    versions: int
    by_id: dict[str, StoredItem]
    chars: int

    @property
    def escalated(self) -> tuple[str, ...]:
        signals = (each for each in self.by_id.values() if each.state is ItemState.SIGNAL)
        return tuple(each.item.id for each in sorted(signals, key=lambda each: each.number))


async def gather(store: ReadStore, specialist: Specialist, recording: Recording, naive: Naive) -> Facts:
    """Everything about a replay that is over."""
    name = specialist.name
    arrived, row, counts = await _arrived(store, name), await specialists.find(store, name), await runs.counts(store)
    escalated = arrived.escalated
    truth = _truth(recording.signals, escalated, len(arrived.by_id))
    result = Replayed(
        days=recording.days,
        wakes=row.wakes,
        quiet_wakes=row.quiet,
        items=arrived.versions,
        escalated=escalated,
        tiers=await _tiers(store, specialist),
        usd=_usd(sum(each.charged for each in await accounts.spend(store, 0))),
        naive_usd=_usd(naive.cost(row.wakes, row.quiet, len(specialist.scope), arrived.chars)),
        naive_model=naive.model,
        runs=sum(counts.get(name, {}).values()),
        truth=msgspec.UNSET if truth is None else truth,
    )
    missed = truth.missed if truth else ()
    return Facts(result, await _named(store, arrived, escalated), await _named(store, arrived, missed))


async def _arrived(store: ReadStore, name: str) -> _Arrived:
    versions, chars = 0, 0
    by_id: dict[str, StoredItem] = {}
    async for stored in items.every(store, name):
        versions, chars = versions + 1, chars + len(stored.item.full_text)
        known = by_id.get(stored.item.id)
        if known is None or known.state is not ItemState.SIGNAL:
            by_id[stored.item.id] = stored
    return _Arrived(versions, by_id, chars)


async def _tiers(store: ReadStore, specialist: Specialist) -> dict[str, TierTold]:
    decided = await verdicts.by_tier(store, specialist.name)
    spent = await accounts.triage_spend(store, specialist.name)
    names = [tier.name for tier in specialist.triage]
    return {name: _tier(decided.get(name, {}), spent.get(name, TierSpend())) for name in names}


def _tier(decided: dict[Decision, int], spent: TierSpend) -> TierTold:
    return TierTold(
        seen=sum(decided.values()),
        dismissed=decided.get(Decision.DISMISS, 0),
        passed=decided.get(Decision.SIGNAL, 0) + decided.get(Decision.UP, 0),
        waiting=decided.get(Decision.WAIT, 0),
        calls=spent.calls,
        tokens_in=spent.tokens_in,
        tokens_out=spent.tokens_out,
        usd=_usd(spent.charged),
    )


def _truth(signals: Sequence[str] | None, escalated: Sequence[str], items: int) -> Truth | None:
    if signals is None:
        return None
    found = set(signals) & set(escalated)
    return Truth(
        signals=len(signals),
        found=len(found),
        recall=len(found) / len(signals) if signals else None,
        escalated_share=len(escalated) / items if items else 0.0,
        missed=tuple(id for id in signals if id not in found),
    )


async def _named(store: ReadStore, arrived: _Arrived, ids: Iterable[str]) -> list[Named]:
    """The first of some items. One that never arrived has no verdict."""
    named: list[Named] = []
    for id in tuple(ids)[:_MOST_NAMED]:
        stored = arrived.by_id.get(id)
        said = await verdicts.of_item(store, stored.number) if stored else []
        because = f"{said[-1][0]}: {said[-1][1].reason}" if said else "was never judged"
        named.append(Named(id, stored.item.title if stored else "", because))
    return named


def _usd(amount: Nano) -> float:
    return amount / NANO
