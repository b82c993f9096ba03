"""Decisions: what people said of calls of tools, and what came of them. They are never dropped: trust is earned on
them."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from platos.core.effect import EffectClass
from platos.core.instant import Instant
from platos.core.predicate import Predicate, facets
from platos.core.trust import Answer, Decision
from platos.store.autopilots import AutopilotRow
from platos.store.checksum import checksum
from platos.store.effects import EffectRow
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx

__all__ = ["History", "add", "audits", "history", "history_of", "take_back", "tools"]

SQL = load("decisions")

_COLUMNS = (
    "number",
    "click",
    "specialist",
    "tool",
    "contract",
    "class",
    "answer",
    "arguments",
    "autopilot",
    "predicate",
    "author",
    "at",
)


class History(NamedTuple):
    """All decisions on a tool under its latest contract, in order, and of what class the tool was then."""

    contract: str
    effect_class: EffectClass
    decisions: list[Decision]


def add(
    tx: Tx, specialist: str, effect: EffectRow, answer: Answer, *, at: Instant, by: str, click: int = 0, audit: int = 0
) -> None:
    """One more entry about an effect. Those of one `click` are one decision, 0 is a click of its own; `audit` is the
    autopilot that was audited with it."""
    arguments = msgspec.json.encode(facets(msgspec.json.decode(effect.arguments)))
    of = (specialist, effect.tool, effect.contract, effect.effect_class)
    _put(tx, click, *of, answer, arguments, audit, None, by, at)


def take_back(tx: Tx, row: AutopilotRow, *, at: Instant, by: str) -> None:
    """An autopilot has ended: what it covers has to earn it anew."""
    of = (row.specialist, row.tool, row.contract, "")
    _put(tx, 0, *of, Answer.TAKEN_BACK, b"{}", row.number, msgspec.json.encode(row.where), by, at)


def _put(tx: Tx, *values: Any) -> None:
    columns = dict(zip(_COLUMNS, (tx.next_number("decision"), *values), strict=True))
    tx.execute(SQL.add, **columns, checksum=checksum(*columns.values()))


def history(tx: Tx, specialist: str, tool: str) -> History | None:
    """The decisions on a tool, inside a transaction; None where nobody has decided yet."""
    return _history(tx.all(SQL.of_tool, specialist=specialist, tool=tool))


async def history_of(store: ReadStore, specialist: str, tool: str) -> History | None:
    """The decisions on a tool; None where nobody has decided yet."""
    return _history(await store.all(SQL.of_tool, specialist=specialist, tool=tool))


def audits(tx: Tx, autopilot: int) -> list[bool]:
    """The audits of an autopilot, in order: was each answered with a plain yes?"""
    return [answer == Answer.APPROVED for (answer,) in tx.all(SQL.audits, autopilot=autopilot)]


async def tools(store: ReadStore) -> list[tuple[str, str]]:
    """The tools that somebody has decided on: specialist and tool."""
    return [(specialist, tool) for specialist, tool in await store.all(SQL.tools)]


def _history(rows: list[Row]) -> History | None:
    if not rows:
        return None
    contract, effect_class = next((row[2], EffectClass(row[3])) for row in reversed(rows) if row[3])
    return History(contract, effect_class, [_decision(row) for row in rows if row[2] == contract])


def _decision(row: Row) -> Decision:
    number, click, _, _, answer, arguments, autopilot, predicate, author, at = row
    return Decision(
        answer=Answer(answer),
        arguments=msgspec.json.decode(arguments),
        group=click or -number,
        at=at,
        by=author,
        autopilot=autopilot,
        where=None if predicate is None else msgspec.json.decode(predicate, type=Predicate),
    )
