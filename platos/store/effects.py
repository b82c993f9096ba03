"""Effects: outward calls of tools, from intent to receipt."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from platos.core.effect import EffectClass, EffectState, Receipt
from platos.core.event import EffectIntended, EffectMoved, decode_event
from platos.core.instant import Instant
from platos.errors import InvalidTransition
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx, projects

__all__ = ["EffectRow", "get", "of_run"]

SQL = load("effects")

_BEFORE = {
    EffectState.INTENT: (EffectState.DISPATCHED, EffectState.IN_DOUBT),  # provably not sent, or a person says so
    EffectState.DISPATCHED: (EffectState.INTENT, EffectState.DISPATCHED),  # again, where recovery allows it
    EffectState.DONE: (EffectState.DISPATCHED, EffectState.IN_DOUBT),
    EffectState.IN_DOUBT: (EffectState.DISPATCHED, EffectState.DISPATCHED),
    EffectState.ABANDONED: (EffectState.INTENT, EffectState.IN_DOUBT),
}


class EffectRow(NamedTuple):
    """An effect. `arguments` are the frozen bytes; `rule` let it be done, or had a person asked; `receipt` is the
    world's answer, where there is one; `moved` is when it came into its state."""

    key: str
    run: int
    tool: str
    effect_class: EffectClass
    state: EffectState
    arguments: msgspec.Raw
    rule: str
    receipt: Receipt | None
    why: str
    moved: Instant


@projects(EffectIntended)
def _intended(tx: Tx, seq: int, event: EffectIntended) -> None:
    values = {"key": event.effect, "run": event.run, "tool": event.tool, "class": event.effect_class, "event": seq}
    tx.execute(SQL.intend, **values)


@projects(EffectMoved)
def _moved(tx: Tx, seq: int, event: EffectMoved) -> None:
    old_1, old_2 = _BEFORE[event.state]
    values = {"key": event.effect, "state": event.state, "event": seq, "old_1": old_1, "old_2": old_2}
    if not tx.execute(SQL.move, **values):
        raise InvalidTransition(f"an effect cannot become {event.state} now", where=event.effect[:12])


def get(tx: Tx, key: str) -> EffectRow | None:
    """One effect, inside a transaction."""
    row = tx.one(SQL.one, key=key)
    return _row(row) if row else None


async def of_run(store: ReadStore, run: int) -> list[EffectRow]:
    """A run's effects, in the order in which they were intended."""
    return [_row(row) for row in await store.all(SQL.of_run, run=run)]


def _row(row: Row) -> EffectRow:
    key, run, tool, effect_class, state, intended, moved = row
    first, last = decode_event(intended), decode_event(moved)
    assert isinstance(first, EffectIntended)
    receipt, why = (last.receipt, last.why) if isinstance(last, EffectMoved) else (None, "")
    known = EffectClass(effect_class), EffectState(state)
    return EffectRow(key, run, tool, *known, first.arguments, first.rule, receipt, why, last.at)
