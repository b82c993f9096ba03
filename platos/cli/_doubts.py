"""Effects in doubt: sent, and nobody knows whether they happened. A person looks, and says."""

from __future__ import annotations

from collections.abc import Iterator
from operator import attrgetter
from typing import Any

import msgspec

from platos.cli._arguments import render_argument
from platos.cli._ways_on import out_of_doubt
from platos.cli.output import Line, bold, one_line
from platos.core.effect import EffectState
from platos.core.event import EffectMoved
from platos.core.instant import iso
from platos.core.state import State
from platos.store import ReadStore, effects, journal, runs
from platos.store.effects import EffectRow
from platos.store.runs import RunRow

__all__ = ["Doubt", "read_doubts", "render_doubt"]


class Doubt(msgspec.Struct, frozen=True, kw_only=True):
    """An effect in doubt: what was sent, exactly, and what is known of it. `next` is how to say what became of it."""

    run: str
    specialist: str
    tool: str
    effect_class: str
    arguments: dict[str, Any]
    sent: str
    why: str
    next: str


async def read_doubts(store: ReadStore) -> list[Doubt]:
    """Those of runs that a person can still answer for, the oldest run first."""
    found = []
    for row in sorted(await effects.in_state(store, EffectState.IN_DOUBT), key=attrgetter("run")):
        run = await runs.find(store, row.run)
        if row.undoes or run.state not in (State.SUCCESS, State.CANCELLED):
            found.append(_doubt(run, row, await _sent(store, run, row)))
    return found


async def _sent(store: ReadStore, run: RunRow, row: EffectRow) -> str:
    """When it was sent, the last time."""
    told = await journal.events(store, run.name)
    moves = [event for event in told if isinstance(event, EffectMoved) and event.effect == row.key]
    return iso(max((move.at for move in moves if move.state is EffectState.DISPATCHED), default=None))


def _doubt(run: RunRow, row: EffectRow, sent: str) -> Doubt:
    return Doubt(
        run=run.name,
        specialist=run.specialist,
        tool=row.tool,
        effect_class=row.effect_class,
        arguments=msgspec.json.decode(row.arguments),
        sent=sent,
        why=row.why,
        next=out_of_doubt(run.name, row.undoes),
    )


def render_doubt(doubt: Doubt) -> Iterator[Line]:
    """In full: what a person needs to find out what became of it."""
    yield bold(f"{doubt.run}: {doubt.specialist} called {doubt.tool}, and nobody knows whether it happened")
    for name, value in doubt.arguments.items():
        yield from render_argument(name, value)
    yield f"  sent      {doubt.sent}, and it is not sent again by itself ({doubt.effect_class})"
    yield f"  known     {one_line(doubt.why, 200)}"
    yield f"  next      {doubt.next}"
    yield ""
