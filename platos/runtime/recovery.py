"""Recovery: what a process finds when it takes a state folder over that another one left, however that one ended."""

from __future__ import annotations

import logging

import msgspec

from platos.core.event import ProcessStarted, RunMoved, StepMoved
from platos.core.failure import FailureRecord
from platos.core.instant import Instant
from platos.core.state import State
from platos.runtime.definitions import refresh_all
from platos.runtime.host import Host
from platos.runtime.meter import settle_the_lost
from platos.store import Tx, gates, items, journal, runs, steps

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
    asked = {gate.run for gate in await gates.open_gates(host.store)}
    going = set(await items.owing(host.store))
    host.owing.update(dict.fromkeys(going, host.now()))
    for run in await runs.open_runs(host.store):
        log.info("%s of %s is open: %s %s", run.name, run.specialist, run.state, run.why)
        for step in await steps.of_run(host.store, run.id):
            if step.state is State.RUNNING:
                await host.store.transact(_interrupt, step, host.now())
        if run.state is State.NEEDS_REVIEW and run.id not in asked:
            await host.store.transact(_try_again, run.id, host.now())
        if run.state is not State.NEEDS_REVIEW or run.id not in asked:
            going.add(run.specialist)
    return going


def _started(tx: Tx, epoch: int, version: str, now: Instant) -> None:
    tx.record(journal.SYSTEM, ProcessStarted(at=now, epoch=epoch, version=version))


def _interrupt(tx: Tx, step: StepMoved, now: Instant) -> None:
    """A step that was running goes on from where its checkpoint is: it is pending again."""
    changed = msgspec.structs.replace(step, at=now, old=State.RUNNING, state=State.PENDING, failure=_INTERRUPTED)
    steps.put(tx, changed)


def _try_again(tx: Tx, run: int, now: Instant) -> None:
    """What nobody can answer may be mended by now: other code, a closed breaker. If not, it parks again."""
    why = "a new process looks again"
    tx.record(journal.run_chain(run), RunMoved(at=now, run=run, old=State.NEEDS_REVIEW, new=State.RUNNING, why=why))
