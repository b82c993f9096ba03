"""Every change of a run and of a step is in the table; no step succeeds twice; what is open says what it waits for."""

from __future__ import annotations

import re
from typing import Any

from platos.core.event import GateDecided, RunMoved, RunOpened, StepMoved
from platos.core.instant import Instant, iso
from platos.core.state import FINAL, State, arrive, move
from platos.core.step import StepKey
from tests.simulation.record import Record

__all__ = ["check_moves", "check_waits"]

_OURS = re.compile(
    r"InvalidTransition|Store[A-Z]\w+|sqlite3|IntegrityError|KeyError|TypeError|AttributeError|AssertionError"
)
"""A run may fail of what the world does to it, never of these."""


def check_moves(record: Record) -> int:
    """Fold the chain of each run: every move is legal, begins where the last one ended, and ends where the row says."""
    for row in record.rows("runs"):
        states = [State.PENDING]
        for event in record.chain(f"r{row['id']}"):
            if isinstance(event, RunMoved):
                assert event.old == states[-1], f"r{row['id']} was {states[-1]}, and moved from {event.old}"
                states.append(move(event.old, event.new, of=f"r{row['id']}"))
                again = event.old is State.FAILED
                assert not again or event.by.startswith("person:"), f"r{row['id']} failed, and nobody took it up"
                assert not _OURS.search(event.why), f"r{row['id']} is {event.new} of our own doing: {event.why}"
        assert row["state"] == states[-1], f"r{row['id']} is {row['state']}, and its journal says {states[-1]}"
        assert isinstance(record.chain(f"r{row['id']}")[0], RunOpened)
        _check_steps(record, row["id"])
    return len(record.rows("runs"))


def _check_steps(record: Record, run: int) -> None:
    states: dict[StepKey, State] = {}
    for event in record.chain(f"r{run}"):
        if isinstance(event, StepMoved):
            before = states.get(event.key, State.PENDING)
            assert event.old == before, f"{event.key} was {before}, and moved from {event.old}"
            assert before is not State.SUCCESS, f"{event.key} went on after its success"
            cause = "" if event.failure is None else event.failure.what
            assert not _OURS.search(cause), f"{event.key} is {event.state} of our own doing: {cause}"
            states[event.key] = arrive(event.old, event.state, of=str(event.key))


def check_waits(record: Record, now: Instant) -> None:
    """Asked when all is at rest and nothing is paused: an open run has a due time ahead, an open gate, or a person who
    is told what to look at."""
    gates = {f"g{row['id']}" for row in record.rows("gates") if row["state"] == "open"}
    ended = {row["id"] for row in record.rows("runs") if row["state"] in FINAL}
    left = [
        f"g{row['id']} of r{row['run']}"
        for row in record.rows("gates")
        if row["state"] == "open" and row["run"] in ended
    ]
    assert not left, f"a person is asked, and the run has ended: {left}"
    for row in record.rows("runs"):
        if row["state"] not in FINAL:
            last = [event for event in record.chain(f"r{row['id']}") if isinstance(event, RunMoved)]
            told = f"{row['state']}, due {iso(row['due'])}, {last[-1:]}"
            assert _waits(row, last, now, gates), f"r{row['id']} waits for nothing: {told}"
    decided = {event.gate: event.state for event in record.events(GateDecided)}
    for row in record.rows("gates"):
        assert decided.get(row["id"], "open") == row["state"], f"g{row['id']} is {row['state']} by nobody"


def _waits(row: dict[str, Any], moves: list[RunMoved], now: Instant, gates: set[str]) -> bool:
    waits = moves[-1].waits if moves else ()
    if row["state"] == State.PENDING:
        return "time" in waits and row["due"] is not None and row["due"] > now
    asked = gates.intersection(waits) or {"review", "low confidence", "code changed"}.intersection(waits)
    return row["state"] == State.NEEDS_REVIEW and bool(asked) and bool(row["why"])
