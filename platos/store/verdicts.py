"""Verdicts: every tier's answer for every item that it saw."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from platos.core.instant import Instant
from platos.core.item import StoredItem
from platos.core.verdict import Decision, Verdict
from platos.store.checksum import checksum
from platos.store.items import stored_item
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["TierVerdict", "add", "by_tier", "of_item", "of_run", "signals"]

SQL = load("verdicts")


class TierVerdict(NamedTuple):
    """A verdict and the tier that gave it, at its position in the ladder."""

    item: int
    position: int
    tier: str
    verdict: Verdict


def add(tx: Tx, verdicts: Iterable[TierVerdict], at: Instant) -> None:
    """Keep verdicts; of two on an item at the same moment, the later one."""
    tx.many(SQL.add, [_columns(given, at) for given in verdicts])


def _columns(given: TierVerdict, at: Instant) -> dict[str, Any]:
    said = given.verdict
    columns = {
        "item": given.item,
        "position": given.position,
        "tier": given.tier,
        "decision": said.decision,
        "reason": said.reason,
        "confidence": float(said.confidence),
        "cost": said.cost,
        "model": said.model,
        "at": at,
    }
    return {**columns, "checksum": checksum(*columns.values())}


async def of_item(store: ReadStore, item: int) -> list[tuple[str, Verdict, Instant]]:
    """What the ladder said of an item: tier, verdict, when."""
    rows = await store.all(SQL.of_item, item=item)
    return [(tier, _verdict(decision, *rest), at) for tier, decision, *rest, at in rows]


async def of_run(store: ReadStore, run: int) -> list[tuple[int, str, Verdict]]:
    """What the ladder said of a run's items: item, tier, verdict, in order."""
    rows = await store.all(SQL.of_run, run=run)
    return [(item, tier, _verdict(decision, *rest)) for item, tier, decision, *rest, _ in rows]


async def signals(store: ReadStore, specialist: str, count: int) -> list[tuple[StoredItem, str, float]]:
    """A specialist's signals that no run has taken yet, oldest first, each with the tier that judged it last, and how
    sure that was. What nobody judged is sure."""
    rows = await store.all(SQL.signals, specialist=specialist, count=count)
    return [(stored_item(tuple(row)), tier, sure) for *row, tier, sure in rows]


async def by_tier(store: ReadStore, specialist: str) -> dict[str, dict[Decision, int]]:
    """How often each tier's last word on an item was which decision."""
    found: dict[str, dict[Decision, int]] = {}
    for tier, decision, count in await store.all(SQL.by_tier, specialist=specialist):
        found.setdefault(tier, {})[Decision(decision)] = count
    return found


def _verdict(decision: str, reason: str, confidence: float, cost: int, model: str) -> Verdict:
    return Verdict(decision=Decision(decision), reason=reason, confidence=confidence, cost=cost, model=model)
