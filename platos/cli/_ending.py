"""How runs stand after a command: ended, waiting for a person, or waiting for time; and what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from platos.app import App
from platos.cli._ways_on import way_on
from platos.cli.exits import ExitCode, exit_code_of, worst
from platos.cli.output import Line, red, yellow
from platos.core.approval import GateState
from platos.core.effect import EffectState
from platos.core.event import AnyEvent, StepMoved
from platos.core.instant import iso
from platos.core.state import State
from platos.store import effects, gates, journal, read_store, runs, steps
from platos.store.runs import RunRow

__all__ = ["RunEnding", "how_runs_stand"]


class RunEnding(msgspec.Struct, frozen=True, kw_only=True):
    """A run as a command leaves it. `gates` are those that are open, `next` is what to type, `code` is what a shell
    learns of it."""

    run: str
    state: State
    outcome: str
    why: str
    due: str
    gates: tuple[str, ...]
    next: str
    code: ExitCode

    def lines(self) -> Iterator[Line]:
        """The same for people."""
        came_to = f", {self.outcome}" if self.outcome else ""
        until = f", goes on at {self.due}" if self.due else ""
        text = f"{self.run}: {self.state}{came_to}{until} ({self.why or 'at work'})"
        yield red(text) if self.state is State.FAILED else yellow(text) if self.gates else text
        for gate in self.gates:
            yield f"  next: platos inbox, then platos approve {gate} or platos deny {gate}"
        if not self.gates:
            yield f"  next: {self.next}"


async def how_runs_stand(app: App, numbers: Iterable[int]) -> list[RunEnding]:
    """The state of runs, by number, as it is committed now. Raises NotFound."""
    async with read_store(app.workspace.state) as store:
        found = []
        for number in numbers:
            row, asked = await runs.find(store, number), await gates.of_run(store, number)
            waiting = tuple(gate.name for gate in asked if gate.state is GateState.OPEN)
            doubt = any(effect.state is EffectState.IN_DOUBT for effect in await effects.of_run(store, number))
            found.append(_ending(row, waiting, await journal.events(store, row.name), doubt))
        return found


def _ending(row: RunRow, waiting: tuple[str, ...], told: list[AnyEvent], doubt: bool) -> RunEnding:
    return RunEnding(
        run=row.name,
        state=row.state,
        outcome=row.outcome or "",
        why=row.why,
        due=iso(row.due),
        gates=waiting,
        next=way_on(row.name, row.state, runs.waits(told), in_doubt=doubt),
        code=_code(row.state, steps.last_words(told).values()),
    )


def _code(state: State, last: Iterable[StepMoved]) -> ExitCode:
    failures = [exit_code_of(step.failure.kind) for step in last if step.failure is not None]
    match state:
        case State.NEEDS_REVIEW:
            return ExitCode.WAITING
        case State.PENDING:
            return worst(code for code in failures if code is not ExitCode.RUN_FAILED)
        case State.FAILED:
            return worst(code for code in failures if code is ExitCode.BUDGET) or ExitCode.RUN_FAILED
        case _:
            return ExitCode.OK
