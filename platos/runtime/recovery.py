"""Recovery: what a process finds when it takes a state folder over that another one left, however that one ended."""

from __future__ import annotations

import logging

import msgspec

from platos.core.event import ProcessStarted, StepMoved
from platos.core.failure import FailureRecord
from platos.core.instant import Instant
from platos.core.state import State
from platos.runtime.definitions import refresh_all
from platos.runtime.host import Host
from platos.runtime.meter import settle_the_lost
from platos.store import Tx, items, journal, runs, steps

__all__ = ["recover"]

log = logging.getLogger("platos")

_INTERRUPTED = FailureRecord(kind="unavailable", what="the process ended while this was under way", sent=True)


async def recover(host: Host, version: str) -> set[str]:
    """Bring everything to rest that was under way; the specialists who have something to go on with."""
    await host.store.transact(_started, host.store.epoch, version, host.now())
    lost = await settle_the_lost(host)
    if lost:
        log.warning("%d model call%s had no answer when the process ended; charged in full", lost, "s" * (lost > 1))
    await refresh_all(host)
    open_runs = await runs.open_runs(host.store)
    for run in open_runs:
        for step in await steps.of_run(host.store, run.id):
            if step.state is State.RUNNING:
                await host.store.transact(_interrupt, step, host.now())
    owing = set(await items.owing(host.store))
    host.owing.update(dict.fromkeys(owing, host.now()))
    going = {run.specialist for run in open_runs if run.state is State.RUNNING or run.state is State.PENDING}
    for run in open_runs:
        log.info("%s of %s is open: %s %s", run.name, run.specialist, run.state, run.why)
    return owing | going


def _started(tx: Tx, epoch: int, version: str, now: Instant) -> None:
    tx.record(journal.SYSTEM, ProcessStarted(at=now, epoch=epoch, version=version))


def _interrupt(tx: Tx, step: StepMoved, now: Instant) -> None:
    """A step that was running goes on from where its checkpoint is: it is pending again."""
    changed = msgspec.structs.replace(step, at=now, old=State.RUNNING, state=State.PENDING, failure=_INTERRUPTED)
    steps.put(tx, changed)
