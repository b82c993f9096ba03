"""Always: answers at gates that stand, until they expire or are taken back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from platos.core.event import AlwaysGiven, AlwaysTaken
from platos.core.instant import Instant
from platos.core.predicate import Predicate
from platos.errors import NotFound
from platos.store.checksum import checksum
from platos.store.gates import GateRow
from platos.store.journal import specialist_chain
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx, projects

__all__ = ["AlwaysRow", "every", "get", "give", "of_tool", "take"]

SQL = load("always")


class AlwaysRow(NamedTuple):
    """An answer that stands: for which tool under which contract, which calls it covers, given by whom at which gate,
    when and until when; and when and why it was taken back."""

    number: int
    specialist: str
    tool: str
    contract: str
    where: Predicate
    gate: int
    since: Instant
    by: str
    expires: Instant
    ended: Instant | None
    why: str
    event: int

    @property
    def name(self) -> str:
        return f"y{self.number}"

    def stands(self, now: Instant) -> bool:
        """Does it hold then? A clock that stands before it was given tells nothing, and then it does not."""
        return self.ended is None and self.since <= now < self.expires


@projects(AlwaysGiven)
def _given(tx: Tx, seq: int, event: AlwaysGiven) -> None:
    row = AlwaysRow(
        number=event.number,
        specialist=event.specialist,
        tool=event.tool,
        contract=event.contract,
        where=event.predicate,
        gate=event.gate,
        since=event.at,
        by=event.by,
        expires=event.expires,
        ended=None,
        why="",
        event=seq,
    )
    _put(tx, row)


@projects(AlwaysTaken)
def _taken(tx: Tx, seq: int, event: AlwaysTaken) -> None:
    row = tx.one(SQL.one, number=event.number)
    if row is not None:  # else what made it is dropped, and this is a replay of what is left
        _put(tx, _row(row)._replace(ended=event.at, why=event.why))


def _put(tx: Tx, row: AlwaysRow) -> None:
    columns: Mapping[str, Any] = {
        "number": row.number,
        "specialist": row.specialist,
        "tool": row.tool,
        "contract": row.contract,
        "predicate": msgspec.json.encode(row.where),
        "gate": row.gate,
        "since": row.since,
        "author": row.by,
        "expires": row.expires,
        "ended": row.ended,
        "why": row.why,
        "event": row.event,
    }
    tx.execute(SQL.put, **columns, checksum=checksum(*columns.values()))


def give(
    tx: Tx, specialist: str, gate: GateRow, where: Predicate, *, expires: Instant, by: str, now: Instant
) -> AlwaysRow:
    """From here on, what it covers asks no more."""
    number = tx.next_number("always")
    event = AlwaysGiven(
        at=now,
        by=by,
        number=number,
        specialist=specialist,
        tool=gate.request.tool,
        contract=gate.request.contract,
        predicate=where,
        expires=expires,
        gate=gate.id,
    )
    tx.record(specialist_chain(specialist), event)
    return get(tx, number)


def take(tx: Tx, row: AlwaysRow, why: str, by: str, now: Instant) -> None:
    """From here on it is asked again."""
    event = AlwaysTaken(at=now, by=by, number=row.number, specialist=row.specialist, why=why)
    tx.record(specialist_chain(row.specialist), event)


def get(tx: Tx, number: int) -> AlwaysRow:
    """One of them, inside a transaction. Raises NotFound."""
    row = tx.one(SQL.one, number=number)
    if row is None:
        raise NotFound(f"there is no standing answer y{number}", hint="platos always lists them")
    return _row(row)


def of_tool(tx: Tx, specialist: str, tool: str) -> list[AlwaysRow]:
    """Those on a tool that nobody has taken back, oldest first, inside a transaction."""
    return [_row(row) for row in tx.all(SQL.of_tool, specialist=specialist, tool=tool)]


async def every(store: ReadStore) -> list[AlwaysRow]:
    """All there ever were, oldest first."""
    return [_row(row) for row in await store.all(SQL.every)]


def _row(row: Row) -> AlwaysRow:
    number, specialist, tool, contract, predicate, *rest = row
    return AlwaysRow(number, specialist, tool, contract, msgspec.json.decode(predicate, type=Predicate), *rest)
