"""How every specialist is doing, gathered from the files and the store."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import msgspec

from platos.app import App
from platos.cli._autopilots import autopilot_lines
from platos.cli._change import is_up
from platos.cli._measures import ask_live, take_measures
from platos.cli._pauses import PauseTold, tell_pause
from platos.core.budget import day_start
from platos.core.event import Paused
from platos.core.instant import Instant, iso, local
from platos.core.specialist import Specialist
from platos.core.state import State
from platos.errors import ConfigurationError, NotFound
from platos.runtime.measures import Measures
from platos.runtime.measures.money import IdleDay
from platos.runtime.measures.triage import TriageState
from platos.store import ReadStore, accounts, cursors, gates, items, notices, pauses, read_store, runs, specialists
from platos.store.lock import holder_of
from platos.store.pauses import EVERYTHING
from platos.store.specialists import SpecialistRow

__all__ = ["SpecialistStatus", "Status", "Untold", "read_status"]

Definitions = Mapping[str, Specialist | ConfigurationError]


class SpecialistStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One specialist. `state` is `asleep`, `working`, `waits for you`, `paused`, `problem` or `gone`; money is
    nano-dollars: spent today, and what an idle day costs, None before there was one. `triage` is how much is being
    missed, None where nothing is known of that; `autopilots` are on, or proposed."""

    specialist: str
    state: str
    paused: PauseTold | None
    next: str
    next_local: str
    wakes: int
    quiet: int
    items: dict[str, int]
    open_runs: tuple[str, ...]
    gates: tuple[str, ...]
    spent_nano: int
    cap_nano: int | None
    triage_spent_nano: int
    triage_cap_nano: int | None
    idle_day_nano: int | None
    triage: TriageState | None
    autopilots: tuple[str, ...]
    problems: tuple[str, ...]


class Untold(msgspec.Struct, frozen=True, kw_only=True):
    """What a person could not be told yet by a notifier: how many matters, after how many tries, and why not."""

    person: str
    notifier: str
    matters: int
    tries: int
    why: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The workspace. `up` says who keeps the specialists going, empty where nobody does; `paused` is of all of them
    together, and `measures` is None where nothing has run. `untold` is who could not be told something yet."""

    workspace: str
    up: str
    has_run: bool
    paused: PauseTold | None
    untold: tuple[Untold, ...]
    specialists: tuple[SpecialistStatus, ...]
    measures: Measures | None


class _Stored(msgspec.Struct, frozen=True):
    """What the store knows, by specialist."""

    rows: dict[str, SpecialistRow]
    items: dict[str, dict[str, int]]
    open_runs: dict[str, list[tuple[str, State]]]
    gates: dict[str, list[str]]
    sources: dict[str, list[str]]
    spent: dict[str, tuple[int, int]]
    paused: dict[str, Paused]
    autopilots: dict[str, tuple[str, ...]]
    untold: tuple[Untold, ...] = ()


async def read_status(app: App) -> Status:
    """The status now; from the files alone where nothing has run yet."""
    folder = app.workspace.state
    found = await app.offload(app.definitions.scan)
    up = await app.offload(_holder, folder) if await is_up(folder) else ""
    try:
        async with read_store(folder) as store:
            known = await _stored(store, found, app.clock.now())
    except NotFound:
        known = None
    stored = known or _Stored({}, {}, {}, {}, {}, {}, {}, {})
    measures = await take_measures(app, await ask_live(app))
    each = [_specialist(app, name, found.get(name), stored, measures) for name in sorted({*found, *stored.rows})]
    return Status(
        workspace=str(app.workspace.root),
        up=up,
        has_run=known is not None,
        paused=tell_pause(stored.paused, [EVERYTHING]),
        untold=stored.untold,
        specialists=tuple(each),
        measures=measures,
    )


def _holder(folder: Path) -> str:
    return str(holder_of(folder) or "a process that did not say which")


async def _stored(store: ReadStore, found: Definitions, now: Instant) -> _Stored:
    open_runs: dict[str, list[tuple[str, State]]] = {}
    waiting: dict[str, list[str]] = {}
    of_run: dict[int, str] = {}
    for run in await runs.open_runs(store):
        of_run[run.id] = run.specialist
        open_runs.setdefault(run.specialist, []).append((run.name, run.state))
    for gate in await gates.open_gates(store):
        waiting.setdefault(of_run.get(gate.run, ""), []).append(gate.name)
    sources: dict[str, list[str]] = {}
    for name, source, failures, problem in await cursors.problems(store):
        times = f" ({failures} times in a row)" if failures > 1 else ""
        sources.setdefault(name, []).append(f"source {source}: {problem}{times}")
    rows = {row.name: row for row in await specialists.every(store)}
    return _Stored(
        rows=rows,
        items=await items.counts(store),
        open_runs=open_runs,
        gates=waiting,
        sources=sources,
        spent={name: await accounts.charged_to(store, name, day_start(now, _zone(found.get(name)))) for name in rows},
        paused=await pauses.every(store),
        autopilots={name: await autopilot_lines(store, name) for name in rows},
        untold=tuple(
            Untold(person=each.person, notifier=each.notifier, matters=each.waiting, tries=each.tries, why=each.failure)
            for each in await notices.undelivered(store)
        ),
    )


def _zone(found: Specialist | ConfigurationError | None) -> str:
    return found.schedule.zone if isinstance(found, Specialist) else "UTC"


def _specialist(
    app: App,
    name: str,
    found: Specialist | ConfigurationError | None,
    stored: _Stored,
    measures: Measures | None,
) -> SpecialistStatus:
    row, problems = stored.rows.get(name), list(stored.sources.get(name, []))
    if isinstance(found, ConfigurationError):
        problems.insert(0, str(found))
    definition = found if isinstance(found, Specialist) else None
    idle: Mapping[str, IdleDay] = measures.costs.specialists if measures else {}
    due = _due(row, definition, app.clock.now())
    spent, of_triage = stored.spent.get(name, (0, 0))
    return SpecialistStatus(
        specialist=name,
        state=_state(name, found, stored),
        paused=tell_pause(stored.paused, [EVERYTHING, name]),
        next=iso(due),
        next_local=local(due, _zone(found)) if due is not None else "",
        wakes=row.wakes if row else 0,
        quiet=row.quiet if row else 0,
        items=stored.items.get(name, {}),
        open_runs=tuple(run for run, _ in stored.open_runs.get(name, [])),
        gates=tuple(stored.gates.get(name, [])),
        spent_nano=spent,
        cap_nano=definition.budget.day.usd if definition else 0,
        triage_spent_nano=of_triage,
        triage_cap_nano=definition.budget.triage_day.usd if definition else 0,
        idle_day_nano=idle[name].nano if name in idle else None,
        triage=measures.triage.get(name) if measures else None,
        autopilots=stored.autopilots.get(name, ()),
        problems=tuple(problems),
    )


def _due(row: SpecialistRow | None, definition: Specialist | None, now: Instant) -> Instant | None:
    if row is not None:
        return row.due
    return definition.schedule.next_after(now) if definition else None


def _state(name: str, found: Specialist | ConfigurationError | None, stored: _Stored) -> str:
    states = {state for _, state in stored.open_runs.get(name, [])}
    if isinstance(found, ConfigurationError):
        return "problem"
    if stored.gates.get(name) or State.NEEDS_REVIEW in states:
        return "waits for you"
    if EVERYTHING in stored.paused or name in stored.paused:
        return "paused"
    if states:
        return "working"
    return "asleep" if found else "gone"
