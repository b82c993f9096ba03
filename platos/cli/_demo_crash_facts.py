"""What the journal says of the run that was killed and went on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from platos.cli._demo_workspace import SPECIALIST
from platos.clock import ThreadOffload
from platos.config.workspace import Workspace
from platos.core.effect import EffectState
from platos.core.event import AnyEvent, StepMoved
from platos.core.state import State
from platos.core.step import StepKey, StepKind
from platos.errors import NotFound
from platos.store import ReadStore, accounts, effects, gates, journal, runs
from platos.store.accounts import Call
from platos.store.runs import RunRow

__all__ = ["Crashed", "StepStory", "entries_of", "gather", "open_gate", "stories"]


class StepStory(NamedTuple):
    """A step before the kill and after it, and how often it came to its result: once, or something is wrong."""

    key: StepKey
    kind: StepKind
    before: str
    after: str
    successes: int


class Crashed(NamedTuple):
    """The crash and what followed. `verified` counts the entries of the journal that were verified just now."""

    root: Path
    code: int
    run: RunRow
    steps: list[StepStory]
    calls: list[Call]
    receipts: list[str]
    files: list[str]
    verified: int


async def entries_of(store: ReadStore, run: int) -> int:
    """How long the run's chain is."""
    return len(await journal.chain(store, journal.run_chain(run)))


async def open_gate(store: ReadStore) -> str:
    """The name of the gate that waits. Raises NotFound."""
    waiting = await gates.open_gates(store)
    if not waiting:
        raise NotFound("nothing waits for a person", expected="a gate before the report is written")
    return waiting[0].name


async def gather(store: ReadStore, run: int, root: Path, code: int, before: int) -> Crashed:
    """What is on record. `before` of the chain's entries were written before the kill. Raises StoreCorrupt."""
    events = await journal.events(store, journal.run_chain(run))
    others = [await journal.events(store, each) for each in (journal.SYSTEM, journal.specialist_chain(SPECIALIST))]
    done = [each for each in await effects.of_run(store, run) if each.state is EffectState.DONE]
    return Crashed(
        root=root,
        code=code,
        run=await runs.find(store, run),
        steps=list(stories(events[:before], events[before:])),
        calls=await accounts.calls_of_run(store, run),
        receipts=[each.receipt.summary for each in done if each.receipt is not None],
        files=await ThreadOffload()(_names, Workspace(root).outbox),
        verified=len(events) + sum(map(len, others)),
    )


def stories(before: list[AnyEvent], after: list[AnyEvent]) -> Iterator[StepStory]:
    """Every step in the order in which it was first heard of."""
    early, late = _moves(before), _moves(after)
    finished_nodes = {key.path for key, moves in early.items() if moves[-1].kind is StepKind.NODE}
    for key in dict.fromkeys([*early, *late]):
        moves = [*early.get(key, ()), *late.get(key, ())]
        yield StepStory(
            key=key,
            kind=moves[0].kind,
            before=early[key][-1].state if key in early else "",
            after=_afterwards(early.get(key, []), inside=key.path in finished_nodes),
            successes=Counter(move.state for move in moves)[State.SUCCESS],
        )


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _moves(events: list[AnyEvent]) -> dict[StepKey, list[StepMoved]]:
    found: dict[StepKey, list[StepMoved]] = {}
    for event in events:
        if isinstance(event, StepMoved):
            found.setdefault(event.key, []).append(event)
    return found


def _afterwards(early: list[StepMoved], *, inside: bool) -> str:
    """What the second process did about a step."""
    if not early:
        return "done for the first time"
    if early[-1].state is not State.SUCCESS:
        return "cut off, done again"
    if inside and early[-1].kind is not StepKind.NODE:
        return "not needed: its node is finished"
    return "from its checkpoint"
