"""Recovery: what a process finds when it takes a state folder over that another one left, however that one ended.

What came into the journal since it was verified last was verified before the folder was taken over. A run goes on when
its turn comes: its chain is verified then, and what was under way in it is found there.
"""

from __future__ import annotations

import logging
from collections.abc import Container

from platos.core.event import ProcessStarted, RunMoved
from platos.core.instant import Instant
from platos.core.state import State
from platos.runtime.definitions import refresh_all
from platos.runtime.host import Host
from platos.runtime.jump import look_back
from platos.runtime.meter import settle_the_lost
from platos.store import Tx, gates, items, journal, pauses, runs

__all__ = ["look_again", "recover"]

log = logging.getLogger("platos")

_TOLD = 20
"""So many open runs are told one by one."""


async def recover(host: Host, version: str) -> set[str]:
    """Bring everything to rest that was under way; the specialists who have something to go on with."""
    await look_back(host)
    await host.store.transact(_started, host.store.epoch, version, host.now())
    lost = await settle_the_lost(host)
    if lost:
        log.warning("%d model call%s had no answer when the process ended; charged in full", lost, "s" * (lost > 1))
    await refresh_all(host)
    host.paused.update(await pauses.every(host.store))
    waiting = await items.owing(host.store)
    host.owing.update(dict.fromkeys(waiting, host.now()))
    found = await runs.open_runs(host.store)
    for run in found[:_TOLD]:
        log.info("%s of %s is open: %s %s", run.name, run.specialist, run.state, run.why)
    if len(found) > _TOLD:
        log.info("and %d more: platos doctor lists them", len(found) - _TOLD)
    parked = await _parked(host, found)
    return {*waiting, *(run.specialist for run in found if run.state is not State.NEEDS_REVIEW or run in parked)}


async def look_again(host: Host, names: Container[str] | None = None) -> set[str]:
    """Let go on what is parked, and asks nobody: it may be mended by now (other code, a closed breaker); whose it is.

    Of these specialists, or, where none are named, of all. If it is not mended, it parks again.
    """
    found = [run for run in await runs.open_runs(host.store) if names is None or run.specialist in names]
    parked = {run for run in await _parked(host, found) if run.id not in host.in_hand}
    if parked:
        await host.store.transact(_try_again, parked, host.now())
    return {run.specialist for run in parked}


async def _parked(host: Host, found: list[runs.RunRow]) -> set[runs.RunRow]:
    """The runs that need a person, and wait for no gate."""
    asked = {gate.run for gate in await gates.open_gates(host.store)}
    return {run for run in found if run.state is State.NEEDS_REVIEW and run.id not in asked}


def _started(tx: Tx, epoch: int, version: str, now: Instant) -> None:
    tx.record(journal.SYSTEM, ProcessStarted(at=now, epoch=epoch, version=version))


def _try_again(tx: Tx, parked: set[runs.RunRow], now: Instant) -> None:
    why = "it is looked at again"
    for run in sorted(parked):
        moved = RunMoved(at=now, run=run.id, old=State.NEEDS_REVIEW, new=State.RUNNING, why=why)
        tx.record(run.name, moved)
