"""4. Plan. Signals and the run that takes them are bound in one transaction; then the planner shapes the work.

The planner sees measures of what arrived, never its text. What it emits is validated and stored before anything runs.
"""

from __future__ import annotations

import logging
from collections.abc import Container, Mapping

from platos.core.budget import Cap
from platos.core.digest import canonical
from platos.core.event import AnyEvent, PlanMade, RunMoved, RunOpened, StepMoved
from platos.core.failure import FailureRecord
from platos.core.handoff import Work
from platos.core.instant import Instant
from platos.core.item import Extract, StoredItem
from platos.core.plan import BOUNDS, Plan
from platos.core.plan_check import Given
from platos.core.role import Role
from platos.core.specialist import Overlap, PartSpec, Specialist
from platos.core.state import State
from platos.core.step import StepKey
from platos.errors import ConfigurationError
from platos.ports.planner import Brief
from platos.runtime.close import end
from platos.runtime.desk import Planned, PlanningDesk
from platos.runtime.host import Host
from platos.runtime.make_plan import Wanted, make_plan, windows
from platos.runtime.net import Run
from platos.runtime.verify import Ending
from platos.runtime.wake import Wake
from platos.store import Tx, effects, items, journal, runs, steps, verdicts

__all__ = ["given_to", "plan"]

log = logging.getLogger("platos")


async def plan(wake: Wake) -> Run | None:
    """The run to work on now, planned: one that can go on, else a new one for the signals that wait, else none."""
    left: set[int] = set()  # for whoever wanted the run that was being planned
    while not wake.paused:
        number = await _movable(wake, left) or await _begin(wake)
        if number is None:
            return None
        run = await _load(wake, number)
        if run is not None:
            return run
        left.add(number)
        wake.lets_go(number)
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


async def _begin(wake: Wake) -> int | None:
    """A new run for signals that wait. A specialist that is gone begins nothing."""
    definition = wake.host.in_force.get(wake.name)
    if definition is None:
        return None
    number = await wake.host.store.transact(_bind, definition, wake.host.now())
    return number if number is not None and wake.takes(number) else None


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
    made, last = runs.current_plan(told), steps.last_words(told)
    work = Work(items=await _extracts(host, number, stored), wishes=_wishes(told, planned=made is not None))
    if made is None:
        about = [item.number for item in stored]
        made = await _plan_it(host, row, definition, work, told, last, about)
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
    roles = host.parts.roles()
    given, revision = given_to(definition, roles, len(work.items)), row.revision + 1
    desk = PlanningDesk(host, Planned(row.id, revision, definition, about, given, last))
    try:
        brief = Brief(
            items=work.items,
            tools=definition.tool_names(),
            roles=tuple(roles.values()),
            window=windows(definition, host.model),
            receipts=receipts,
            again=runs.rejection(told),
        )
        wanted = Wanted(definition, brief, given, lambda name: host.planner(PartSpec(part=name, name=name)))
        made = None
        with host.in_hand[row.id].planning:
            made = await make_plan(host.planner(definition.planner), wanted, desk)
        if made is None:
            return None
    except Exception as error:  # noqa: BLE001 - whatever a planner does, its run ends of it, and nothing else
        failure = FailureRecord.of(error)
        ended = Ending(State.FAILED, f"no plan: {failure.what}", failure=failure)
        await host.store.transact(end, row.id, ended, host.now())
        log.warning("%s: no plan could be made: %s", row.name, error)
        return None
    await host.store.transact(_keep, row.id, revision, made, host.now())
    log.info("%s: %s", row.name, made.why)
    return made


def given_to(its: Specialist, roles: Mapping[str, Role], items: int) -> Given:
    """What a plan for a specialist is checked by."""
    return Given(
        roles=roles, tools=its.tool_names(), items=items, capped=its.budget.run != Cap(), models=tuple(its.models)
    )


async def _extracts(host: Host, run: int, stored: list[StoredItem]) -> tuple[Extract, ...]:
    """The run's items as measures, with what triage said of each last."""
    last = {item: (tier, verdict) for item, tier, verdict in await verdicts.of_run(host.store, run)}
    extracts = []
    for each in stored:
        tier, confidence = "none", 1.0
        if each.number in last:
            tier, confidence = last[each.number][0], last[each.number][1].confidence
        extracts.append(
            Extract(
                item=each.name,
                source=each.source,
                kind=each.item.kind,
                chars=len(each.item.text),
                tier=tier,
                confidence=confidence,
                ts=each.item.ts,
            )
        )
    return tuple(extracts)


def _bind(tx: Tx, definition: Specialist, now: Instant) -> int | None:
    """Bind signals to a new run: those that arrived together, or, where they are to be merged, all that wait."""
    together = definition.overlap is not Overlap.MERGE
    taken = items.signals(tx, definition.name, BOUNDS.width, together=together)
    if not taken:
        return None
    run = tx.next_number("run")
    pinned = journal.put_payload(tx, canonical(definition))
    opened = RunOpened(
        at=now,
        run=run,
        specialist=definition.name,
        definition=pinned,
        items=tuple(taken),
        valid_until=now + definition.valid_for if definition.valid_for else 0,
    )
    tx.record(journal.run_chain(run), opened)
    for number in taken:
        items.take(tx, number, run)
    return run


def _keep(tx: Tx, run: int, revision: int, made: Plan, now: Instant) -> None:
    event = PlanMade(at=now, by=f"planner:{made.by}", run=run, revision=revision, plan=made)
    tx.record(journal.run_chain(run), event)
    state = runs.state_of(tx, run)
    if state is not State.RUNNING:
        tx.record(journal.run_chain(run), RunMoved(at=now, run=run, old=state, new=State.RUNNING))


def _park(tx: Tx, run: int, why: str, now: Instant) -> None:
    """A run that this version cannot take up waits for a person."""
    chain = journal.run_chain(run)
    if runs.state_of(tx, run) is State.PENDING:
        tx.record(chain, RunMoved(at=now, run=run, old=State.PENDING, new=State.RUNNING))
    parked = RunMoved(at=now, run=run, old=State.RUNNING, new=State.NEEDS_REVIEW, why=why, waits=("review",))
    tx.record(chain, parked)
