"""5. Assemble. The plan's nodes become live actors: a supervisor, and what the run's steps came to before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from platos.core.event import RunMoved
from platos.core.instant import Instant
from platos.core.state import State
from platos.runtime.net import Net, Run
from platos.runtime.supervisor import Supervisor
from platos.store import Tx, runs, steps

__all__ = ["assemble"]


@asynccontextmanager
async def assemble(run: Run) -> AsyncIterator[Net]:
    """A net for as long as the block lasts. Its actors end with it."""
    store = run.host.store
    await store.transact(_begin, run.row.id, run.host.now())
    known = {step.key: step for step in await steps.of_run(store, run.row.id)}
    async with anyio.create_task_group() as tasks:
        yield Net(run, Supervisor(tasks), known)
        tasks.cancel_scope.cancel()


def _begin(tx: Tx, run: int, now: Instant) -> None:
    state = runs.state_of(tx, run)
    if state is not State.RUNNING:
        tx.record(f"r{run}", RunMoved(at=now, run=run, old=state, new=State.RUNNING))
