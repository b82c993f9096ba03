"""5. Assemble. The plan's nodes become live actors under a supervisor."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from platos.core.event import RunMoved, StepMoved
from platos.core.failure import FailureRecord
from platos.core.instant import Instant
from platos.core.state import State
from platos.runtime.connections import Connections
from platos.runtime.drive import go
from platos.runtime.live.supervisor import supervision
from platos.runtime.net import Net, Run
from platos.runtime.node.life import moved
from platos.runtime.node.mint import Mint
from platos.runtime.node.provenance import meeting_of
from platos.store import Tx, journal, runs, steps

__all__ = ["assemble"]

log = logging.getLogger("platos")

_INTERRUPTED = FailureRecord(kind="unavailable", what="the process ended while this was under way", sent=True)


@asynccontextmanager
async def assemble(run: Run) -> AsyncIterator[Net]:
    """A net for as long as the block lasts. Its actors end with it."""
    host = run.host
    cut_off = [step for step in run.steps.values() if step.state is State.RUNNING]
    if cut_off or run.row.state is not State.RUNNING:
        for step in await host.store.transact(_take_up, run.row.id, cut_off, host.now()):
            run.steps[step.key] = step
    async with supervision(crashes=run.specialist.retry.crashes) as supervisor:
        connections = Connections(supervisor.tasks)
        for node in meeting_of(host, run.specialist, run.plan):
            log.info(
                "%s: %s asks before a way out, once it has seen text of others and what is private", run.row.name, node
            )
        mint = Mint(run.row.id, run.plan.root)
        yield Net(run, supervisor, connections, host.in_hand[run.row.id].stop, go, mint)
        connections.end()


def _take_up(tx: Tx, run: int, cut_off: list[StepMoved], now: Instant) -> list[StepMoved]:
    """The run goes on. A step that was under way, and that nobody works on, is pending again."""
    state = runs.state_of(tx, run)
    if state is not State.RUNNING:
        tx.record(journal.run_chain(run), RunMoved(at=now, run=run, old=state, new=State.RUNNING))
    return [steps.put(tx, moved(step, State.PENDING, at=now, failure=_INTERRUPTED)) for step in cut_off]
