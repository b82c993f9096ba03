"""Ahead: what wake-ups that are due need, for many of them in one query."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.instant import Instant
from platos.store.cursors import CursorRow
from platos.store.specialists import Place, SpecialistRow
from platos.store.sql import load
from platos.store.store import ReadStore

__all__ = ["AheadRow", "due"]

SQL = load("ahead")
_COLUMNS = len(SpecialistRow._fields)


class AheadRow(NamedTuple):
    """A specialist and its cursors, by source."""

    row: SpecialistRow
    cursors: dict[str, CursorRow]


async def due(store: ReadStore, now: Instant, after: Place, count: int) -> dict[str, AheadRow]:
    """Those whom `specialists.due_now` names, if nothing moves meanwhile."""
    found: dict[str, AheadRow] = {}
    for columns in await store.all(SQL.due, now=now, due=after.due, id=after.id, count=count):
        row = SpecialistRow(*columns[:_COLUMNS])
        source, position, failures, problem = columns[_COLUMNS:]
        its = found.setdefault(row.name, AheadRow(row, {}))
        if source is not None:
            its.cursors[source] = CursorRow(position or None, failures, problem)
    return found
