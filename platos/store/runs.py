"""Runs: the durable work that signals started. Their plans stand in their chains of the journal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from platos.core.approval import GateState
from platos.core.event import AnyEvent, GateDecided, PlanGrown, PlanMade, PlanRejected, RunMoved, RunOpened
from platos.core.instant import Instant
from platos.core.plan import Plan
from platos.core.state import FINAL, Outcome, State, move
from platos.errors import InvalidTransition, NotFound
from platos.store.journal import events, run_chain
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx, projects

__all__ = [
    "OpenRuns",
    "RunRow",
    "counts",
    "current_plan",
    "dead",
    "due_now",
    "find",
    "first_open",
    "get",
    "grown",
    "latest",
    "movable",
    "open_runs",
    "overdue",
    "plans",
    "rejection",
    "revision_of",
    "specialist_of",
    "state_of",
    "valid_until",
    "waits",
    "wishes",
]

SQL = load("runs")

UNSURE = "low confidence"
"""What a run waits for where a model was not sure of its answer."""


class RunRow(NamedTuple):
    """A run. `why` says what it waits for or how it ended, `failure` of which class it failed; `due` is when it goes
    on by itself, `valid_until` when it is worth nothing any more."""

    id: int
    specialist: str
    definition: str
    state: State
    revision: int
    outcome: Outcome | None
    why: str
    due: Instant | None
    opened: Instant
    ended: Instant | None
    failure: str
    valid_until: Instant | None = None

    @property
    def name(self) -> str:
        return f"r{self.id}"


class OpenRuns(NamedTuple):
    """How many runs of a specialist have not ended, how many of them wait for a person, and the names of the oldest."""

    total: int
    reviewed: int
    first: tuple[str, ...]


@projects(RunOpened)
def _opened(tx: Tx, seq: int, event: RunOpened) -> None:
    values = {"id": event.run, "specialist": event.specialist, "definition": event.definition}
    tx.execute(SQL.open, **values, at=event.at, valid_until=event.valid_until or None)


@projects(PlanMade)
def _planned(tx: Tx, seq: int, event: PlanMade) -> None:
    tx.execute(SQL.revise, id=event.run, revision=event.revision)


@projects(RunMoved)
def _moved(tx: Tx, seq: int, event: RunMoved) -> None:
    name = f"r{event.run}"
    move(event.old, event.new, of=name)
    changed = tx.execute(
        SQL.move,
        id=event.run,
        old=event.old,
        new=event.new,
        why=event.why,
        due=event.due,
        outcome=event.outcome,
        ended=event.at if event.new in FINAL else None,
        failure=event.failure.kind if event.failure else "",
        unsure=int(UNSURE in event.waits),
    )
    if not changed:
        raise InvalidTransition(f"the run is {state_of(tx, event.run)}, not {event.old}", where=name)


def state_of(tx: Tx, run: int) -> State:
    """Where a run is. Raises NotFound."""
    row = tx.one(SQL.state, id=run)
    if row is None:
        raise NotFound(f"there is no run r{run}")
    return State(row[0])


def specialist_of(tx: Tx, run: int) -> str:
    """Whose run it is. Raises NotFound."""
    row = tx.one(SQL.specialist, id=run)
    if row is None:
        raise NotFound(f"there is no run r{run}")
    return str(row[0])


def revision_of(tx: Tx, run: int) -> int:
    """The number of a run's last plan, 0 where it has none. Raises NotFound."""
    row = tx.one(SQL.revision, id=run)
    if row is None:
        raise NotFound(f"there is no run r{run}")
    return int(row[0])


def valid_until(tx: Tx, run: int) -> Instant | None:
    """When a run is worth nothing any more, inside a transaction. Raises NotFound."""
    row = tx.one(SQL.valid_until, id=run)
    if row is None:
        raise NotFound(f"there is no run r{run}")
    return None if row[0] is None else int(row[0])


def get(tx: Tx, run: int) -> RunRow:
    """One run, inside a transaction. Raises NotFound."""
    row = tx.one(SQL.one, id=run)
    if row is None:
        raise NotFound(f"there is no run r{run}")
    return _row(row)


async def overdue(store: ReadStore, now: Instant) -> list[int]:
    """Open runs that are worth nothing any more."""
    return [row[0] for row in await store.all(SQL.overdue, now=now)]


async def find(store: ReadStore, run: int) -> RunRow:
    """One run. Raises NotFound."""
    row = await store.one(SQL.one, id=run)
    if row is None:
        raise NotFound(f"there is no run r{run}", hint="platos runs lists them")
    return _row(row)


async def latest(store: ReadStore, count: int, specialist: str = "") -> list[RunRow]:
    """The last runs, newest first; of one specialist where it is named."""
    return [_row(row) for row in await store.all(SQL.latest, specialist=specialist, count=count)]


async def open_runs(store: ReadStore) -> list[RunRow]:
    """Runs that have not ended, oldest first."""
    return sorted(_row(row) for row in await store.all(SQL.open_runs))


async def first_open(store: ReadStore, few: int) -> dict[str, OpenRuns]:
    """Runs that have not ended, by specialist: how many, and so few of them by name."""
    found: dict[str, OpenRuns] = {}
    for specialist, total, reviewed, run in await store.all(SQL.first_open, few=few):
        first = found[specialist].first if specialist in found else ()
        found[specialist] = OpenRuns(total, reviewed, (*first, f"r{run}"))
    return found


async def movable(store: ReadStore, specialist: str, now: Instant, *, after: int = 0, count: int = 8) -> list[RunRow]:
    """A specialist's runs that can go on now, oldest first: so many, of those that are younger than `after`."""
    rows = await store.all(SQL.movable, specialist=specialist, now=now, after=after, count=count)
    return [_row(row) for row in rows]


async def due_now(store: ReadStore, now: Instant) -> list[str]:
    """Specialists with a run whose wait is over."""
    return [row[0] for row in await store.all(SQL.due, now=now)]


async def dead(store: ReadStore) -> list[RunRow]:
    """Dead letters: runs that failed, the latest first."""
    return [_row(row) for row in await store.all(SQL.dead)]


def current_plan(told: Iterable[AnyEvent]) -> Plan | None:
    """The plan in force, of a run's chain; None where there is none yet, or the last one was rejected."""
    plan = None
    for event in told:
        if isinstance(event, PlanMade):
            plan = event.plan
        elif isinstance(event, PlanRejected):
            plan = None
    return plan


def grown(told: Iterable[AnyEvent]) -> dict[str, PlanGrown]:
    """What nodes added to the plan in force, by instance path, of a run's chain, in order."""
    added: dict[str, PlanGrown] = {}
    for event in told:
        if isinstance(event, PlanMade | PlanRejected):
            added = {}
        elif isinstance(event, PlanGrown):
            added[event.path] = event
    return added


def rejection(told: Iterable[AnyEvent]) -> str:
    """Why the last plan was rejected, of a run's chain; empty where none was."""
    return next((event.why for event in reversed(list(told)) if isinstance(event, PlanRejected)), "")


def waits(told: Iterable[AnyEvent]) -> tuple[str, ...]:
    """What a run waits for, as its chain says last."""
    return next((event.waits for event in reversed(list(told)) if isinstance(event, RunMoved)), ())


def wishes(told: Iterable[AnyEvent]) -> tuple[str, ...]:
    """What people asked for when they sent a draft back, by the entries of a run's chain, oldest first."""
    return tuple(event.reason for event in told if isinstance(event, GateDecided) and event.state is GateState.RETURNED)


async def plans(store: ReadStore, run: int) -> list[Plan]:
    """The plans of a run, by revision. Raises StoreCorrupt."""
    return [event.plan for event in await events(store, run_chain(run)) if isinstance(event, PlanMade)]


async def counts(store: ReadStore) -> dict[str, dict[str, int]]:
    """How many runs each specialist has in each state."""
    found: dict[str, dict[str, int]] = {}
    for specialist, state, count in await store.all(SQL.counts):
        found.setdefault(specialist, {})[state] = count
    return found


def _row(row: Row) -> RunRow:
    run = RunRow(*row)
    return run._replace(state=State(run.state), outcome=Outcome(run.outcome) if run.outcome else None)
