"""Cursors: how far each source of a specialist has been read, and what is wrong with it now."""

from __future__ import annotations

from typing import NamedTuple

from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["CursorRow", "fail", "failing", "of", "problems", "put"]

SQL = load("cursors")
_NOTHING_READ = b""


class CursorRow(NamedTuple):
    """A source's cursor (None before the first poll), its failures in a row, and the last problem."""

    position: bytes | None
    failures: int
    problem: str


def put(tx: Tx, specialist: str, source: str, position: bytes, problem: str = "") -> None:
    """The source was read up to here."""
    _put(tx, specialist, source, position, 0, problem)


def fail(tx: Tx, specialist: str, source: str, problem: str) -> None:
    """The source could not be read; its cursor stays."""
    position, failures = tx.one(SQL.one, specialist=specialist, source=source) or (_NOTHING_READ, 0)
    _put(tx, specialist, source, position, failures + 1, problem)


def _put(tx: Tx, specialist: str, source: str, position: bytes, failures: int, problem: str) -> None:
    tx.execute(
        SQL.put,
        specialist=specialist,
        source=source,
        position=position,
        failures=failures,
        problem=problem,
        checksum=checksum(specialist, source, position, failures, problem),
    )


async def of(store: ReadStore, specialist: str) -> dict[str, CursorRow]:
    """The cursors of a specialist, by source."""
    rows = await store.all(SQL.all, specialist=specialist)
    return {source: CursorRow(position or None, failures, problem) for source, position, failures, problem in rows}


async def problems(store: ReadStore, count: int) -> list[tuple[str, str, int, str]]:
    """So many sources with a problem, as (specialist, source, failures in a row, problem)."""
    return [(row[0], row[1], row[2], row[3]) for row in await store.all(SQL.problems, count=count)]


async def failing(store: ReadStore) -> int:
    """How many sources have a problem."""
    [(count,)] = await store.all(SQL.failing)
    return int(count)
