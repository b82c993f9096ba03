"""4. Plan. Signals and the run that takes them are bound in one transaction; then the planner shapes the work.

The planner sees measures of what arrived, never its text. What it emits is validated and stored before anything runs.
"""

from __future__ import annotations

import logging

from platos.core.digest import canonical
from platos.core.event import PlanMade, RunOpened
from platos.core.handoff import Work
from platos.core.instant import Instant
from platos.core.item import Extract, StoredItem
from platos.core.plan import BOUNDS, Plan, check_plan
from platos.core.specialist import Overlap, Specialist
from platos.core.state import State
from platos.errors import PlatosError
from platos.ports.planner import Brief
from platos.runtime.close import end
from platos.runtime.host import Host
from platos.runtime.net import Run
from platos.runtime.verify import Ending
from platos.runtime.wake import Wake
from platos.store import Tx, items, journal, runs, verdicts
from platos.store.verify import verify_chain

__all__ = ["plan"]

log = logging.getLogger("platos")


async def plan(wake: Wake) -> Run | None:
    """The run to work on now, planned: one that can go on, else a new one for the signals that wait, else none."""
    host, name = wake.host, wake.name
    while True:
        movable = await runs.movable(host.store, name, host.now())
        number = next((row.id for row in movable if wake.takes(row.id)), None) or await _begin(wake)
        if number is None:
            return None
        run = await _load(host, number)
        if run is not None:
            return run


async def _begin(wake: Wake) -> int | None:
    """A new run for signals that wait. A specialist that is gone begins nothing."""
    definition = wake.host.in_force.get(wake.name)
    if definition is None:
        return None
    number = await wake.host.store.transact(_bind, definition, wake.host.now())
    return number if number is not None and wake.takes(number) else None


async def _load(host: Host, number: int) -> Run | None:
    """A run with its plan. Where no plan can be made the run has failed, and there is none."""
    row = await runs.find(host.store, number)
    verify_chain(row.name, await journal.chain(host.store, row.name))
    definition = await host.pinned(row.definition)
    stored = await items.of_run(host.store, number)
    work = Work(items=await _extracts(host, number, stored))
    made = await runs.current_plan(host.store, row)
    if made is None:
        try:
            made = await _make(host, definition, work)
        except PlatosError as error:
            failed = Ending(State.FAILED, f"no plan: {error.what}")
            await host.store.transact(end, number, failed, host.now())
            log.warning("%s: no plan could be made: %s", row.name, error)
            return None
        await host.store.transact(_keep, number, row.revision + 1, made, host.now())
        row = row._replace(revision=row.revision + 1)
        log.info("%s: %s", row.name, made.why)
    return Run(host, row, definition, made, {item.name: item for item in stored}, work)


async def _make(host: Host, definition: Specialist, work: Work) -> Plan:
    """Ask the planner, and validate what it says. Raises InvalidPlan, or what the planner raises."""
    actors = tuple(host.parts.names("actor"))
    brief = Brief(items=work.items, tools=definition.tool_names(), actors=actors)
    made = await host.planner(definition.planner).plan(brief)
    check_plan(made, actors=actors, tools=definition.tool_names(), items=len(work.items))
    return made


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
    opened = RunOpened(at=now, run=run, specialist=definition.name, definition=pinned, items=tuple(taken))
    tx.record(journal.run_chain(run), opened)
    for number in taken:
        items.take(tx, number, run)
    return run


def _keep(tx: Tx, run: int, revision: int, made: Plan, now: Instant) -> None:
    event = PlanMade(at=now, by=f"planner:{made.by}", run=run, revision=revision, plan=made)
    tx.record(journal.run_chain(run), event)
