"""Gates: where nodes wait for a person, and the answers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import islice
from typing import Any, NamedTuple

from platos.core.approval import GateState, Request
from platos.core.event import GateDecided, GateOpened, decode_event
from platos.core.instant import Instant
from platos.errors import InvalidTransition, NotFound
from platos.store.journal import run_chain
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx, projects

__all__ = [
    "GateRow",
    "OpenGates",
    "asked",
    "check_open",
    "count_open",
    "expired",
    "find",
    "first_open",
    "get",
    "of_effect",
    "of_run",
    "open_gates",
    "withdraw",
]

SQL = load("gates")

_ALL = 1_000_000_000

_BEFORE = {
    GateState.APPROVED: GateState.OPEN,
    GateState.DENIED: GateState.OPEN,
    GateState.EXPIRED: GateState.OPEN,
    GateState.WITHDRAWN: GateState.OPEN,
    GateState.EDITED: GateState.OPEN,
    GateState.RETURNED: GateState.OPEN,
    GateState.USED: GateState.APPROVED,
}


class OpenGates(NamedTuple):
    """How many gates of a specialist are open, and the names of the first to expire."""

    total: int
    first: tuple[str, ...]


class GateRow(NamedTuple):
    """A gate: what was asked, about which effect of which run, and the answer."""

    id: int
    run: int
    effect: str
    state: GateState
    opened: Instant
    decided: Instant | None
    decider: str
    reason: str
    request: Request

    @property
    def name(self) -> str:
        return f"g{self.id}"


@projects(GateOpened)
def _opened(tx: Tx, seq: int, event: GateOpened) -> None:
    tx.execute(
        SQL.open,
        id=event.gate,
        run=event.run,
        effect=event.effect,
        digest=event.request.digest,
        event=seq,
        opened=event.at,
        expires=event.request.expires,
    )


@projects(GateDecided)
def _decided(tx: Tx, seq: int, event: GateDecided) -> None:
    old = _BEFORE[event.state]
    by, reason = event.by, event.reason
    if event.state is GateState.USED:  # what the person said stays
        answered = get(tx, event.gate)
        by, reason = answered.decider, answered.reason
    if not tx.execute(SQL.decide, id=event.gate, state=event.state, old=old, at=event.at, by=by, reason=reason):
        raise _not(get(tx, event.gate), old)


def check_open(gate: GateRow) -> None:
    """Raises InvalidTransition where it has been decided."""
    if gate.state is not GateState.OPEN:
        raise _not(gate, GateState.OPEN)


def _not(gate: GateRow, expected: GateState) -> InvalidTransition:
    return InvalidTransition(
        f"it is {gate.state}" + (f" by {gate.decider}" if gate.decider else ""),
        where=gate.name,
        expected=f"a gate that is {expected}",
        hint="platos inbox shows what is open",
    )


def get(tx: Tx, gate: int) -> GateRow:
    """One gate, inside a transaction. Raises NotFound."""
    return _found(tx.one(SQL.one, id=gate), gate)


def of_effect(tx: Tx, effect: str) -> GateRow | None:
    """The latest gate of an effect, inside a transaction."""
    row = tx.one(SQL.of_effect, effect=effect)
    return _row(row) if row else None


async def find(store: ReadStore, gate: int) -> GateRow:
    """One gate. Raises NotFound."""
    return _found(await store.one(SQL.one, id=gate), gate)


async def open_gates(store: ReadStore, most: int = _ALL) -> list[GateRow]:
    """What waits for a person, that which expires first before the rest."""
    return [_row(row) for row in await store.all(SQL.all_open, count=most)]


async def asked(
    store: ReadStore, *, specialist: str = "", tool: str = "", tier: int | None = None, most: int | None = None
) -> list[tuple[str, GateRow]]:
    """The same, each with its specialist; of one specialist, tool or risk tier where it is named."""
    count = most if tier is None else None  # the tier stands in what was asked, which no query looks into
    rows = await store.all(SQL.asked, specialist=specialist, tool=tool, count=_ALL if count is None else count)
    found = ((str(name), _row(row)) for name, *row in rows)
    return list(islice((each for each in found if tier in (None, each[1].request.tier)), most))


async def first_open(store: ReadStore, few: int) -> dict[str, OpenGates]:
    """What waits for a person, by specialist: how much, and so few of it by name."""
    found: dict[str, OpenGates] = {}
    for specialist, total, gate in await store.all(SQL.first_open, few=few):
        first = found[specialist].first if specialist in found else ()
        found[specialist] = OpenGates(total, (*first, f"g{gate}"))
    return found


async def count_open(store: ReadStore) -> int:
    """How many gates wait for a person."""
    row = await store.one(SQL.count_open)
    return int(row[0]) if row else 0


async def of_run(store: ReadStore, run: int) -> list[GateRow]:
    """A run's gates, oldest first."""
    return [_row(row) for row in await store.all(SQL.of_run, run=run)]


def withdraw(tx: Tx, run: int, why: str, by: str, now: Instant, *, only: Collection[int] | None = None) -> None:
    """Nobody wants to know any more what a run has asked and was not answered; of these gates `only`, where given."""
    for gate in [gate for (gate,) in tx.all(SQL.open_of_run, run=run) if only is None or gate in only]:
        tx.record(run_chain(run), GateDecided(at=now, by=by, gate=gate, run=run, state=GateState.WITHDRAWN, reason=why))


async def expired(store: ReadStore, now: Instant) -> list[GateRow]:
    """Open gates whose time is over."""
    return [_row(row) for row in await store.all(SQL.expired, now=now)]


def _found(row: Row | None, gate: int) -> GateRow:
    if row is None:
        raise NotFound(f"there is no gate g{gate}", hint="platos inbox shows what is open")
    return _row(row)


def _row(row: Sequence[Any]) -> GateRow:
    id, run, effect, state, opened, decided, decider, reason, body = row
    event = decode_event(body)
    assert isinstance(event, GateOpened)
    return GateRow(id, run, effect, GateState(state), opened, decided, decider, reason, event.request)
