"""Audits: items that were drawn, after they had been judged, to be looked at; and what came of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

from platos.core.audit import Stratum, To
from platos.core.instant import Instant
from platos.core.misses import Answers, Passed
from platos.core.verdict import Decision
from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = [
    "Audit",
    "Drawn",
    "Judged",
    "add",
    "answered",
    "audited",
    "drawn",
    "drawn_until",
    "every",
    "judged",
    "passed",
    "unanswered",
]

SQL = load("audits")

_AT_ONCE = 10_000


class Judged(NamedTuple):
    """The last word on an item, and whose it is."""

    item: int
    specialist: str
    tier: str
    decision: Decision
    confidence: float


class Audit(NamedTuple):
    """An item that was drawn: by whose last word, from which stratum, with what chance, and who looks at it."""

    item: int
    specialist: str
    tier: str
    stratum: Stratum
    chance: float
    to: To


class Drawn(NamedTuple):
    """All audits of one stratum of one tier, how many there were, and what came of them."""

    tier: str
    stratum: Stratum
    audits: int
    answers: Answers


async def judged(store: ReadStore, since: Instant, until: Instant) -> AsyncIterator[Judged]:
    """What was decided after one moment and up to another, of every specialist, and was never audited: items that were
    dismissed, and those let through that nobody has labelled."""
    after = 0
    while rows := await store.all(SQL.judged, since=since, until=until, after=after, count=_AT_ONCE):
        for item, specialist, tier, decision, confidence in rows:
            yield Judged(item, specialist, tier, Decision(decision), confidence)
        after = rows[-1][0]


async def drawn_until(store: ReadStore) -> Instant:
    """Up to when what was judged has had its chance to be drawn."""
    row = await store.one(SQL.drawn_until)
    return int(row[0]) if row else 0


def add(tx: Tx, audits: Iterable[Audit], at: Instant) -> None:
    """Keep what was drawn."""
    tx.many(SQL.add, [_columns(audit, at) for audit in audits])


def _columns(audit: Audit, at: Instant) -> dict[str, Any]:
    columns = {**audit._asdict(), "chance": float(audit.chance), "at": at}
    return {**columns, "checksum": checksum(*columns.values())}


async def drawn(store: ReadStore, specialist: str, since: Instant) -> list[Drawn]:
    """What was drawn from the specialist's items since a moment, by tier and stratum."""
    rows = await store.all(SQL.drawn, specialist=specialist, since=since)
    return [Drawn(tier, Stratum(stratum), count, Answers(*rest)) for tier, stratum, count, *rest in rows]


async def every(store: ReadStore, specialist: str) -> dict[int, tuple[To, Instant]]:
    """All audits of a specialist by item: who looks at it, and when it was drawn."""
    return {item: (To(to), at) for item, to, at in await store.all(SQL.every, specialist=specialist)}


async def audited(store: ReadStore, since: Instant) -> set[str]:
    """The specialists of whose items some were drawn since a moment."""
    return {row[0] for row in await store.all(SQL.audited, since=since)}


async def answered(store: ReadStore, specialist: str) -> dict[tuple[str, str], float]:
    """The share of a specialist's audits that were answered, by tier and stratum."""
    return {
        (each.tier, each.stratum): each.answers.answered / each.audits for each in await drawn(store, specialist, 0)
    }


async def passed(store: ReadStore, specialist: str, since: Instant) -> Passed:
    """What came since a moment and triage let through; without what only an audit sent up."""
    row = await store.one(SQL.passed, specialist=specialist, since=since)
    assert row is not None
    return Passed(*row)


async def unanswered(store: ReadStore, specialist: str, count: int) -> list[int]:
    """Items that a person is to look at and that have no label, those longest drawn first."""
    return [row[0] for row in await store.all(SQL.unanswered, specialist=specialist, count=count)]
