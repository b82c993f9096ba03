"""Labels: what people said of items, signal or noise. The last word counts; the journal keeps those before it."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.audit import Stratum
from platos.core.instant import Instant
from platos.core.lesson import Lesson, Origin, Usual
from platos.core.verdict import Decision, Verdict
from platos.store import audits
from platos.store.checksum import checksum
from platos.store.items import stored_item
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["Label", "lessons", "of_specialist", "put", "taught", "usual"]

SQL = load("labels")

_SAID = {Decision.DISMISS: False, Decision.SIGNAL: True}


class Label(NamedTuple):
    """Whether an item is a signal, as a person said, why, and how it came to be said."""

    signal: bool
    by: str
    at: Instant
    why: str
    origin: Origin = Origin.PERSON


def put(tx: Tx, specialist: str, item: int, label: Label) -> bool:
    """Label an item, in place of the label that it had. False, and nothing, where a decision would take the place of
    what a person said of this very item."""
    row = tx.one(SQL.before, item=item, specialist=specialist)
    assert row is not None
    before, last = row
    if label.origin is Origin.DECISION and before not in (None, Origin.DECISION):
        return False
    columns = {
        "item": item,
        "specialist": specialist,
        "signal": int(label.signal),
        "origin": label.origin,
        "by": label.by,
        "at": label.at,
        "why": label.why,
        "taught": last + 1,
    }
    tx.execute(SQL.put, **columns, checksum=checksum(*columns.values()))
    return True


async def of_specialist(store: ReadStore, specialist: str) -> dict[int, Label]:
    """The labels of a specialist's items, by the items' numbers."""
    rows = await store.all(SQL.of_specialist, specialist=specialist)
    return {item: Label(bool(signal), by, at, why, Origin(origin)) for item, signal, by, at, why, origin in rows}


async def taught(store: ReadStore, specialist: str) -> int:
    """How often an item of the specialist was labelled."""
    row = await store.one(SQL.taught, specialist=specialist)
    return int(row[0]) if row else 0


async def usual(store: ReadStore, specialist: str, tier: str, count: int) -> list[Usual]:
    """The last items of the specialist that nobody has labelled, oldest first, with what tiers after this one said."""
    rows = await store.all(SQL.usual, specialist=specialist, tier=tier, count=count)
    return [Usual(item=stored_item(tuple(item)), signal=_SAID.get(later)) for *item, later in reversed(rows)]


async def lessons(store: ReadStore, specialist: str, tier: str) -> list[Lesson]:
    """Every labelled item of the specialist whose content is known, in order of arrival.

    Where a label was asked for by an audit, its chance is that of the draw times the share of such audits that were
    answered: one that nobody answers was not seen. What triage let through of itself is decided on in any case.
    """
    answered = await audits.answered(store, specialist)
    found = []
    for row in await store.all(SQL.lessons, specialist=specialist, tier=tier):
        *item, signal, origin, chance, of_tier, stratum, decision, reason, confidence, cost = row
        said = (
            Verdict(decision=Decision(decision), reason=reason, confidence=confidence, cost=cost) if decision else None
        )
        if origin == Origin.DECISION and stratum in (None, Stratum.PASSED):
            chance = 1.0
        elif chance is not None:
            chance *= answered[of_tier, stratum]
        found.append(
            Lesson(item=stored_item(tuple(item)), signal=bool(signal), origin=Origin(origin), chance=chance, said=said)
        )
    return found
