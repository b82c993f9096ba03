"""Effects: outward calls of tools, from intent to receipt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import msgspec

from platos.core.effect import EffectClass, EffectState, Receipt, again_key, undo_key
from platos.core.event import EffectIntended, EffectMoved, decode_event
from platos.core.instant import Instant
from platos.errors import InvalidTransition
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx, projects

__all__ = [
    "EffectRow",
    "find",
    "get",
    "in_run",
    "in_state",
    "of_run",
    "stands",
    "taken_back",
    "used",
    "uses",
    "wanted_again",
]

SQL = load("effects")

_MOST = 1_000_000

_BEFORE = {
    EffectState.INTENT: (EffectState.DISPATCHED, EffectState.IN_DOUBT),  # provably not sent, or a person says so
    EffectState.DISPATCHED: (EffectState.INTENT, EffectState.DISPATCHED),  # again, where recovery allows it
    EffectState.DONE: (EffectState.DISPATCHED, EffectState.IN_DOUBT),
    EffectState.IN_DOUBT: (EffectState.DISPATCHED, EffectState.DISPATCHED),
    EffectState.ABANDONED: (EffectState.INTENT, EffectState.IN_DOUBT),
}


class EffectRow(NamedTuple):
    """An effect. `arguments` are the frozen bytes; `rule` let it be done, or had a person asked; `step` is that
    which first asked for it, and `receipt` the world's answer, where there is one; `preconditions` are what it was
    dispatched into, while it is dispatched. `autopilot` is the one that covered it, and `audit` says that it was asked
    for all the same; `moved` is when it came into its state, `undoes` the key of the effect that it takes back, `by`
    whose wish it is. `standing` names the answer under which it was dispatched, if one stands; then `rule` does too."""

    key: str
    run: int
    tool: str
    effect_class: EffectClass
    state: EffectState
    arguments: msgspec.Raw
    rule: str
    step: str
    receipt: Receipt | None
    why: str
    preconditions: Mapping[str, str]
    contract: str
    autopilot: int
    audit: bool
    moved: Instant
    undoes: str
    by: str
    standing: str = ""


@projects(EffectIntended)
def _intended(tx: Tx, seq: int, event: EffectIntended) -> None:
    values = {"key": event.effect, "run": event.run, "tool": event.tool, "class": event.effect_class, "event": seq}
    if not tx.execute(SQL.intend, **values, autopilot=event.autopilot):
        raise InvalidTransition("an effect that is under way cannot be edited", where=event.effect[:12])


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


async def find(store: ReadStore, key: str) -> EffectRow | None:
    """One effect."""
    row = await store.one(SQL.one, key=key)
    return _row(row) if row else None


def in_run(tx: Tx, run: int) -> list[EffectRow]:
    """A run's effects, inside a transaction."""
    return [_row(row) for row in tx.all(SQL.of_run, run=run)]


def taken_back(rows: Iterable[EffectRow]) -> set[str]:
    """The keys of those of a run's effects that stand no more: taken back, and that not taken back in its turn."""
    undos = {row.undoes: row.key for row in rows if row.undoes and row.state is EffectState.DONE}

    def gone(key: str) -> bool:
        return key in undos and not gone(undos[key])

    return {key for key in undos if gone(key)}


def wanted_again(rows: Iterable[EffectRow], key: str) -> tuple[str, EffectRow | None]:
    """Which act is meant where this one is asked for among a run's effects: itself, as long as it stands; where it was
    taken back another one, the same act wanted again. And what took back the one before it, where anything did."""
    rows, undo = list(rows), None
    gone, by_key = taken_back(rows), {row.key: row for row in rows}
    while key in gone:
        undo, key = by_key[undo_key(key)], again_key(key)
    return key, undo


def stands(rows: Iterable[EffectRow], key: str) -> bool:
    """Is an act of a run done, and not taken back, or done again since?"""
    rows = list(rows)
    meant, _ = wanted_again(rows, key)
    return any(row.key == meant and row.state is EffectState.DONE for row in rows)


async def in_state(store: ReadStore, state: EffectState) -> list[EffectRow]:
    """The effects of all runs that are dispatched, or in doubt: those of no other state."""
    return [_row(row) for row in await store.all(SQL.in_state, state=state)]


def uses(tx: Tx, autopilot: int, most: int) -> int:
    """How many effects an autopilot has covered, as far as that is known still; no more than `most` are counted."""
    row = tx.one(SQL.uses, autopilot=autopilot, most=most)
    return int(row[0]) if row else 0


async def used(store: ReadStore, autopilot: int) -> int:
    """How many effects an autopilot has covered, as far as that is known still."""
    row = await store.one(SQL.uses, autopilot=autopilot, most=_MOST)
    return int(row[0]) if row else 0


async def of_run(store: ReadStore, run: int) -> list[EffectRow]:
    """A run's effects, in the order in which they were intended."""
    return [_row(row) for row in await store.all(SQL.of_run, run=run)]


def _row(row: Row) -> EffectRow:
    key, run, tool, effect_class, state, intended, moved = row
    first, last = decode_event(intended), decode_event(moved)
    assert isinstance(first, EffectIntended)
    receipt, why = (last.receipt, last.why) if isinstance(last, EffectMoved) else (None, "")
    standing = last.standing if isinstance(last, EffectMoved) else ""
    return EffectRow(
        key=key,
        run=run,
        tool=tool,
        effect_class=EffectClass(effect_class),
        state=EffectState(state),
        arguments=first.arguments,
        rule=standing or first.rule,
        step=first.step,
        receipt=receipt,
        why=why,
        preconditions=last.preconditions if isinstance(last, EffectMoved) else {},
        contract=first.contract,
        autopilot=first.autopilot,
        audit=first.audit,
        moved=last.at,
        undoes=first.undoes,
        by=first.by,
        standing=standing,
    )
