"""A run begins: the signals that it takes, itself, and, where its planner asks nobody, its plan are one transaction."""

from __future__ import annotations

import logging
from typing import NamedTuple

from platos.core.digest import canonical
from platos.core.event import PlanMade, RunMoved, RunOpened
from platos.core.failure import FailureRecord
from platos.core.handoff import Work
from platos.core.instant import Instant
from platos.core.item import StoredItem
from platos.core.plan import BOUNDS, Plan
from platos.core.specialist import Overlap, Specialist
from platos.core.state import State
from platos.ports.planner import AskingPlanner
from platos.runtime.close import end
from platos.runtime.host import Host
from platos.runtime.net import Run, Steps
from platos.runtime.planning.make_plan import extract, plan_alone, wanted
from platos.runtime.verify import Ending
from platos.runtime.wake import Wake
from platos.store import Tx, items, journal, runs, verdicts

__all__ = ["Waiting", "begin", "keep", "no_plan", "waiting"]

log = logging.getLogger("platos")


class Waiting(NamedTuple):
    """Signals that one run is to take, what a planner may know of them, and the definition that it begins with."""

    its: Specialist
    signals: list[StoredItem]
    work: Work


class _Opening(NamedTuple):
    """What is opened: for whom, about which items, and its plan, or its end where none can be made; neither where a
    model is to be asked first."""

    its: Specialist
    items: list[int]
    planned: Plan | Ending | None
    now: Instant


async def waiting(wake: Wake) -> Waiting | None:
    """The signals that the next run takes: those that arrived together, or, where they are to be merged, all that wait.
    None where there are none: a specialist that is gone begins nothing."""
    its = wake.host.in_force.get(wake.name)
    found = await verdicts.signals(wake.host.store, wake.name, BOUNDS.width) if its else []
    if its is None or not found:
        return None
    (first, *_), *_ = found
    taken = [each for each in found if _merges(its) or each[0].seen == first.seen]
    return Waiting(its, [each for each, *_ in taken], Work(items=tuple(extract(*each) for each in taken)))


async def begin(wake: Wake, waiting: Waiting) -> Run | None:
    """A run for signals that wait. None where it is not to be worked on yet, or where others have taken them."""
    host, (its, signals, work) = wake.host, waiting
    planned = await _planned(host, its, work)
    opening = _Opening(its, [each.number for each in signals], planned, host.now())
    row = await host.store.transact(_open, opening)
    if row is None or not isinstance(planned, Plan) or not wake.takes(row.id):
        return None
    log.info("%s: %s", row.name, planned.why)
    named = {each.name: each for each in signals}
    return Run(wake, row, await host.pinned(row.definition), planned, named, work, Steps({}))


async def _planned(host: Host, its: Specialist, work: Work) -> Plan | Ending | None:
    try:
        planner = host.planner(its.planner)
        if isinstance(planner, AskingPlanner):
            return None
        return await plan_alone(planner, wanted(host, its, work.items))
    except Exception as error:  # noqa: BLE001 - whatever a planner does, its run ends of it, and nothing else
        return no_plan(its.name, error)


def no_plan(whose: str, error: Exception) -> Ending:
    """The end of a run for which no plan can be made."""
    log.warning("%s: no plan could be made: %s", whose, error)
    failure = FailureRecord.of(error)
    return Ending(State.FAILED, f"no plan: {failure.what}", failure=failure)


def keep(tx: Tx, run: int, revision: int, made: Plan, now: Instant) -> None:
    """A run has its plan, and is worked on."""
    event = PlanMade(at=now, by=f"planner:{made.by}", run=run, revision=revision, plan=made)
    tx.record(journal.run_chain(run), event)
    state = runs.state_of(tx, run)
    if state is not State.RUNNING:
        tx.record(journal.run_chain(run), RunMoved(at=now, run=run, old=state, new=State.RUNNING))


def _open(tx: Tx, opening: _Opening) -> runs.RunRow | None:
    """Bind signals to a new run; None where they are not those that wait any more."""
    its, taken, planned, now = opening
    if items.signals(tx, its.name, BOUNDS.width, together=not _merges(its)) != taken:
        return None
    run = tx.next_number("run")
    opened = RunOpened(
        at=now,
        run=run,
        specialist=its.name,
        definition=journal.put_payload(tx, canonical(its)),
        items=tuple(taken),
        valid_until=now + its.valid_for if its.valid_for else 0,
    )
    tx.record(journal.run_chain(run), opened)
    for number in taken:
        items.take(tx, number, run)
    if isinstance(planned, Plan):
        keep(tx, run, 1, planned, now)
    elif planned is not None:
        end(tx, run, planned, now)
    return runs.get(tx, run)


def _merges(its: Specialist) -> bool:
    return its.overlap is Overlap.MERGE
