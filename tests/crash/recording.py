"""What a disk was told while the store worked on it, what the callers were told, and the power losses of that time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from platos.store import Store, open_store
from tests.crash.connection import Connection
from tests.crash.power import Machine, draw
from tests.crash.vfs import Call, sqlite_on
from tests.crash.workload import NOW, content, open_run, refuse, together

__all__ = ["TOLD", "Recording", "State", "rebuild", "record", "states_of"]

GROUPS = ((1, 10), (1, 200), (3, 100), (1, 30_000), (12, 100), (2, 9_000), (1, 10))
"""How many transactions a group has, and how many bytes a payload."""

TOLD = {"create", "open", "write", "truncate", "sync", "delete"}


class Answer(NamedTuple):
    """After how many calls of the disk a group was answered, and what the store then held."""

    calls: int
    content: str


class Recording:
    """A disk's life: what it was told, and what the callers of the store were told."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.answers: list[Answer] = []

    def before(self, call: Call) -> None:
        if call.kind in TOLD:
            self.calls.append(call)

    async def answered(self, store: Store) -> None:
        """Now, and before the disk is told anything else: what stands, as the writer sees it."""
        calls = len(self.calls)
        self.answers.append(Answer(calls, await store.transact(content)))

    def allowed(self, moment: int) -> list[str]:
        """What may be found after a power loss at a moment: the last answer, or the one that was on its way."""
        last = max((n for n, answer in enumerate(self.answers) if answer.calls <= moment), default=0)
        return [answer.content for answer in self.answers[last : last + 2]]


class State(NamedTuple):
    """A power loss: after how many calls, and which of its variants."""

    moment: int
    variant: int


async def record(folder: Path, connection: type[Connection] = Connection) -> Recording:
    """Two lives of a store, with groups of one and of many, checkpoints, and a transaction in each that fails."""
    told = Recording()
    with sqlite_on(told, connection):
        for life in range(2):
            async with open_store(folder, command="test", now=NOW) as store:
                await told.answered(store)
                for group, (count, size) in enumerate(GROUPS):
                    jobs = [(open_run, f"{life}-{group}-{n}", size) for n in range(count)]
                    await together(store, [*jobs, (refuse, "refused", size)])
                    await told.answered(store)
    return told


def states_of(told: Recording, count: int) -> list[State]:
    """At least `count` states: every moment as often as it takes."""
    moments = len(told.calls) + 1
    return [State(moment, variant) for moment in range(moments) for variant in range(-(-count // moments))]


def rebuild(told: Recording, states: list[State], seed: int) -> Iterator[tuple[State, dict[str, bytes]]]:
    """The files of each state. States are in order of their moments."""
    machine, done = Machine(), 0
    for state in states:
        for call in told.calls[done : state.moment]:
            machine.tell(call)
        done = state.moment
        chance = Random(f"{seed} {state}")
        yield state, machine.without_power(draw(chance, state.variant), chance)
