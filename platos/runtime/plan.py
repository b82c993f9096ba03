"""4. Plan. The planner shapes the work of a run.

It sees measures of what arrived, never its text. What it emits is validated and stored before anything runs: with the
run itself where it asks nobody.
"""

from __future__ import annotations

import logging
from collections.abc import Container

from platos.core.event import AnyEvent, PlanMade, RunMoved, StepMoved
from platos.core.handoff import Work
from platos.core.instant import Instant
from platos.core.plan import Plan
from platos.core.specialist import Specialist
from platos.core.state import State
from platos.core.step import StepKey
from platos.errors import ConfigurationError
from platos.runtime.close import end
from platos.runtime.host import Host
from platos.runtime.net import Run, Steps
from platos.runtime.planning.begin import begin, keep, no_plan, waiting
from platos.runtime.planning.desk import Planned, PlanningDesk
from platos.runtime.planning.make_plan import extract, make_plan, wanted
from platos.runtime.wake import Wake
from platos.store import Tx, effects, items, journal, runs, steps, verdicts

__all__ = ["plan"]

log = logging.getLogger("platos")


async def plan(wake: Wake) -> Run | None:
    """The run to work on now, planned: one that can go on, else a new one for the signals that wait, else none."""
    left: set[int] = set()  # for whoever wanted the run that was being planned
    while not wake.paused:
        number = await _movable(wake, left)
        if number is None:
            signals = await waiting(wake)
            if signals is None:
                return None
            run = await begin(wake, signals)
        else:
            run = await _load(wake, number)
            if run is None:
                left.add(number)
                wake.lets_go(number)
        if run is not None:
            return run
    return None


async def _movable(wake: Wake, left: Container[int]) -> int | None:
    """The oldest run that can go on, is in nobody's hand, and is not left to somebody."""
    host, after = wake.host, 0
    while found := await runs.movable(host.store, wake.name, host.now(), after=after):
        number = next((row.id for row in found if row.id not in left and wake.takes(row.id)), None)
        if number is not None:
            return number
        after = found[-1].id
    return None


async def _load(wake: Wake, number: int) -> Run | None:
    """A run with its plan and its steps; None where it cannot go on, and has ended or been parked of that."""
    host = wake.host
    row = await runs.find(host.store, number)
    told = await journal.events(host.store, row.name)
    try:
        definition = await host.pinned(row.definition)
    except ConfigurationError as error:
        await host.store.transact(_park, number, error.what, host.now())
        log.warning("%s: %s", row.name, error)
        return None
    stored = await items.of_run(host.store, number)
    made, last = runs.current_plan(told), Steps(steps.last_words(told))
    said = {item: (tier, verdict.confidence) for item, tier, verdict in await verdicts.of_run(host.store, number)}
    about = tuple(extract(item, *said.get(item.number, ())) for item in stored)
    work = Work(items=about, wishes=_wishes(told, planned=made is not None))
    if made is None:
        made = await _plan_it(host, row, definition, work, told, last, [item.number for item in stored])
        if made is None:
            return None
        row = row._replace(revision=row.revision + 1, state=State.RUNNING)
    named = {item.name: item for item in stored}
    return Run(wake, row, definition, made, named, work, last, runs.grown(told))


def _wishes(told: list[AnyEvent], *, planned: bool) -> tuple[str, ...]:
    """What people had asked for when the plan was made: a node that goes on is given what it was given before."""
    last = max((place for place, event in enumerate(told) if isinstance(event, PlanMade)), default=0)
    return runs.wishes(told[:last] if planned else told)


async def _plan_it(
    host: Host,
    row: runs.RunRow,
    definition: Specialist,
    work: Work,
    told: list[AnyEvent],
    last: dict[StepKey, StepMoved],
    about: list[int],
) -> Plan | None:
    """A new plan, validated and stored; None where it was stopped, or none can be made, and the run failed of that."""
    done = await effects.of_run(host.store, row.id)
    gone = effects.taken_back(done)
    receipts = {each.tool: each.receipt for each in done if each.receipt and not each.undoes and each.key not in gone}
    revision = row.revision + 1
    try:
        want = wanted(host, definition, work.items, receipts=receipts, again=runs.rejection(told))
        desk = PlanningDesk(host, Planned(row.id, revision, definition, about, want.given, last))
        made = None
        with host.in_hand[row.id].planning:
            made = await make_plan(host.planner(definition.planner), want, desk)
        if made is None:
            return None
    except Exception as error:  # noqa: BLE001 - whatever a planner does, its run ends of it, and nothing else
        await host.store.transact(end, row.id, no_plan(row.name, error), host.now())
        return None
    await host.store.transact(keep, row.id, revision, made, host.now())
    log.info("%s: %s", row.name, made.why)
    return made


def _park(tx: Tx, run: int, why: str, now: Instant) -> None:
    """A run that this version cannot take up waits for a person."""
    chain = journal.run_chain(run)
    if runs.state_of(tx, run) is State.PENDING:
        tx.record(chain, RunMoved(at=now, run=run, old=State.PENDING, new=State.RUNNING))
    parked = RunMoved(at=now, run=run, old=State.RUNNING, new=State.NEEDS_REVIEW, why=why, waits=("review",))
    tx.record(chain, parked)
