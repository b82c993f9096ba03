"""8. Close. A run ends and its chain is sealed, or it rests until somebody or something answers."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from platos.core.approval import GateState
from platos.core.event import PlanRejected, RunMoved, StepMoved
from platos.core.instant import Instant
from platos.core.state import FINAL, Outcome, State
from platos.runtime.effects.trust import judge_ending
from platos.runtime.net import Run
from platos.runtime.verify import Ending
from platos.store import Tx, gates, journal, passages, runs, steps

__all__ = ["close", "end", "reject"]

log = logging.getLogger("platos")


async def close(run: Run, ending: Ending) -> None:
    """Commit where the run goes. What it waited for may have been answered meanwhile: then it goes on at once."""
    state = await run.host.store.transact(_close, run.row.id, run.last_words, ending, run.host.now())
    run.wake.lets_go(run.row.id)
    came_to = f", {ending.outcome}" if ending.outcome else ""
    log.info("%s: %s%s (%s)", run.row.name, state, came_to, ending.why)


def _close(tx: Tx, run: int, last_words: Iterable[StepMoved], ending: Ending, now: Instant) -> State:
    for step in last_words:
        steps.put(tx, step)
    state = end(tx, run, ending, now)
    if ending.told is not None:
        passages.tell(tx, ending.told)
    return state


def end(tx: Tx, run: int, ending: Ending, now: Instant) -> State:
    """Move a run to its ending, inside a transaction; where it is then."""
    chain, old = journal.run_chain(run), runs.state_of(tx, run)
    if ending.again:
        reject(tx, run, ending.again, now=now)
        return old
    if ending.state not in FINAL and _answered(tx, ending):
        return old
    if ending.state in FINAL:
        gates.withdraw(tx, run, "the run has ended", "runtime", now)
    tx.record(
        chain,
        RunMoved(
            at=now,
            run=run,
            old=old,
            new=ending.state,
            why=ending.why,
            due=ending.due,
            outcome=ending.outcome,
            checks=ending.checks,
            failure=ending.failure,
            waits=ending.waits,
        ),
    )
    if ending.outcome is Outcome.COMPLETED_UNUSABLE:
        judge_ending(tx, run, ending.checks, now)
    if ending.state in FINAL:
        journal.seal(tx, chain, now)
    return ending.state


def reject(tx: Tx, run: int, why: str, *, by: str = "runtime", now: Instant) -> None:
    """A plan came to nothing: what it asks for is asked no more, and another is to be made."""
    gates.withdraw(tx, run, "the plan that asked was rejected", by, now)
    rejected = PlanRejected(at=now, by=by, run=run, revision=runs.revision_of(tx, run), why=why)
    tx.record(journal.run_chain(run), rejected)


def _answered(tx: Tx, ending: Ending) -> bool:
    """Has a gate that the run parked at been decided since?"""
    asked = [int(what[1:]) for what in ending.waits if what.startswith("g")]
    return any(gates.get(tx, gate).state is not GateState.OPEN for gate in asked)
