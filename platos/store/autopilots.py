"""Autopilots: steps that have earned that they stop asking. Proposed, on, or off."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, NamedTuple

import msgspec

from platos.core.event import AutopilotProposed, Demoted, Promoted
from platos.core.instant import Instant
from platos.core.predicate import Predicate
from platos.errors import NotFound
from platos.store.checksum import checksum
from platos.store.journal import specialist_chain
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx, projects

__all__ = ["AutopilotRow", "AutopilotState", "covering", "demote", "get", "of_tool", "promote", "propose", "standing"]

SQL = load("autopilots")


class AutopilotState(StrEnum):
    """Where it stands."""

    PROPOSED = "proposed"
    ON = "on"
    OFF = "off"


class AutopilotRow(NamedTuple):
    """An autopilot: for which tool under which contract, what it covers, since when and by whom it is proposed or on,
    and when and why it ended."""

    number: int
    specialist: str
    tool: str
    contract: str
    where: Predicate
    state: AutopilotState
    back_test: str
    salt: str
    since: Instant
    by: str
    ended: Instant | None
    why: str
    event: int

    @property
    def name(self) -> str:
        return f"a{self.number}"


@projects(AutopilotProposed)
def _proposed(tx: Tx, seq: int, event: AutopilotProposed) -> None:
    _begin(tx, seq, event, AutopilotState.PROPOSED, salt="")


@projects(Promoted)
def _promoted(tx: Tx, seq: int, event: Promoted) -> None:
    _begin(tx, seq, event, AutopilotState.ON, salt=event.salt)


@projects(Demoted)
def _demoted(tx: Tx, seq: int, event: Demoted) -> None:
    row = tx.one(SQL.one, number=event.number)
    if row is not None:  # else what made it is dropped, and this is a replay of what is left
        _put(tx, _row(row)._replace(state=AutopilotState.OFF, ended=event.at, why=event.why))


def _begin(tx: Tx, seq: int, event: AutopilotProposed | Promoted, state: AutopilotState, salt: str) -> None:
    row = AutopilotRow(
        number=event.number,
        specialist=event.specialist,
        tool=event.tool,
        contract=event.contract,
        where=event.predicate,
        state=state,
        back_test=event.back_test,
        salt=salt,
        since=event.at,
        by=event.by,
        ended=None,
        why="",
        event=seq,
    )
    _put(tx, row)


def _put(tx: Tx, row: AutopilotRow) -> None:
    columns: Mapping[str, Any] = {
        "number": row.number,
        "specialist": row.specialist,
        "tool": row.tool,
        "contract": row.contract,
        "predicate": msgspec.json.encode(row.where),
        "state": row.state,
        "back_test": row.back_test,
        "salt": row.salt,
        "since": row.since,
        "author": row.by,
        "ended": row.ended,
        "why": row.why,
        "event": row.event,
    }
    tx.execute(SQL.put, **columns, checksum=checksum(*columns.values()))


def propose(
    tx: Tx, specialist: str, tool: str, contract: str, where: Predicate, back_test: str, now: Instant
) -> AutopilotRow:
    """The record has earned it. One that is proposed already, or on, stays as it is."""
    before = _standing(tx, specialist, tool, contract, where)
    if before is not None:
        return before
    number = tx.next_number("autopilot")
    event = AutopilotProposed(
        at=now,
        number=number,
        specialist=specialist,
        tool=tool,
        contract=contract,
        predicate=where,
        back_test=back_test,
    )
    tx.record(specialist_chain(specialist), event)
    return get(tx, number)


def promote(tx: Tx, proposed: AutopilotRow, back_test: str, salt: str, by: str, now: Instant) -> AutopilotRow:
    """From here on, what it covers asks no more."""
    event = Promoted(
        at=now,
        by=by,
        number=proposed.number,
        specialist=proposed.specialist,
        tool=proposed.tool,
        contract=proposed.contract,
        predicate=proposed.where,
        back_test=back_test,
        salt=salt,
    )
    tx.record(specialist_chain(proposed.specialist), event)
    return get(tx, proposed.number)


def demote(tx: Tx, row: AutopilotRow, why: str, by: str, now: Instant) -> None:
    """From here on it asks again."""
    event = Demoted(at=now, by=by, number=row.number, specialist=row.specialist, why=why)
    tx.record(specialist_chain(row.specialist), event)


def get(tx: Tx, number: int) -> AutopilotRow:
    """One of them, inside a transaction. Raises NotFound."""
    row = tx.one(SQL.one, number=number)
    if row is None:
        raise NotFound(f"there is no autopilot a{number}", hint="platos trust shows them")
    return _row(row)


def covering(tx: Tx, specialist: str, tool: str, arguments: Mapping[str, Any]) -> list[AutopilotRow]:
    """Those that are on and cover such a call."""
    rows = map(_row, tx.all(SQL.of_tool, specialist=specialist, tool=tool))
    return [row for row in rows if row.state is AutopilotState.ON and row.where.covers(arguments)]


async def of_tool(store: ReadStore, specialist: str, tool: str) -> list[AutopilotRow]:
    """All there ever were for a tool, oldest first."""
    return [_row(row) for row in await store.all(SQL.of_tool, specialist=specialist, tool=tool)]


async def standing(store: ReadStore, specialist: str) -> list[AutopilotRow]:
    """Those of a specialist that are proposed, or on."""
    return [_row(row) for row in await store.all(SQL.standing, specialist=specialist)]


def _standing(tx: Tx, specialist: str, tool: str, contract: str, where: Predicate) -> AutopilotRow | None:
    rows = map(_row, tx.all(SQL.of_tool, specialist=specialist, tool=tool))
    standing = [row for row in rows if row.state is not AutopilotState.OFF]
    return next((row for row in standing if (row.contract, row.where) == (contract, where)), None)


def _row(row: Row) -> AutopilotRow:
    number, specialist, tool, contract, predicate, state, *rest = row
    where = msgspec.json.decode(predicate, type=Predicate)
    return AutopilotRow(number, specialist, tool, contract, where, AutopilotState(state), *rest)
