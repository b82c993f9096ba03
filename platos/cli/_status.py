"""How every specialist is doing, gathered from the files and the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import anyio.to_thread
import msgspec

from platos.cli._autopilots import autopilot_lines
from platos.cli._pauses import PauseTold, tell_pause
from platos.cli._standing import Described, Standing, ask_made, ask_standing, standing_of
from platos.clock import ThreadOffload
from platos.core.budget import day_start
from platos.core.event import Paused
from platos.core.instant import Instant, iso, local, zone_info
from platos.errors import NotFound
from platos.runtime.measures import Live, Measures, read_measures
from platos.runtime.measures.money import IdleDay
from platos.runtime.measures.triage import TriageState
from platos.store import (
    ReadStore,
    accounts,
    cursors,
    gates,
    items,
    journal,
    notices,
    pauses,
    read_store,
    runs,
    specialists,
)
from platos.store.gates import OpenGates
from platos.store.lock import holder_of
from platos.store.pauses import EVERYTHING
from platos.store.runs import OpenRuns
from platos.store.specialists import SpecialistRow, TemplateRow

if TYPE_CHECKING:
    from platos.app import App
    from platos.config.workspace import Workspace

__all__ = ["SpecialistStatus", "Status", "Untold", "read_status"]

_MOST_TOLD, _MOST_PROBLEMS = 50, 1_000
_FEW = 10
"""Open runs, and open gates, of a specialist that are named."""
_NO_RUNS, _NO_GATES = OpenRuns(0, 0, ()), OpenGates(0, ())

Definitions = Mapping[str, Described]


class _Template(msgspec.Struct, frozen=True):
    """A template's name, as it is stored. All else of it is let be: to load what reads that takes long."""

    template: str


class SpecialistStatus(msgspec.Struct, frozen=True, kw_only=True):
    """One specialist. `state` is `asleep`, `working`, `waits for you`, `paused`, `problem` or `gone`. `open_runs` and
    `gates` are the names of the first few of so many. Money is nano-dollars: spent today, and what an idle day costs,
    None before there was one. `triage` is how much is being missed, None where nothing is known of that; `autopilots`
    are on, or proposed."""

    specialist: str
    state: str
    paused: PauseTold | None
    next: str
    next_local: str
    wakes: int
    quiet: int
    items: dict[str, int]
    open_runs: tuple[str, ...]
    open_run_count: int
    gates: tuple[str, ...]
    gate_count: int
    spent_nano: int
    cap_nano: int | None
    triage_spent_nano: int
    triage_cap_nano: int | None
    idle_day_nano: int | None
    triage: TriageState | None
    autopilots: tuple[str, ...]
    problems: tuple[str, ...]


class TemplateStatus(msgspec.Struct, frozen=True, kw_only=True):
    """The specialists that a template makes: how many, their wake-ups, when the next one is due, and how many have a
    problem."""

    template: str
    specialists: int
    wakes: int
    quiet: int
    next: str
    problems: int


class Untold(msgspec.Struct, frozen=True, kw_only=True):
    """What a person could not be told yet by a notifier: how many matters, after how many tries, and why not."""

    person: str
    notifier: str
    matters: int
    tries: int
    why: str


class Status(msgspec.Struct, frozen=True, kw_only=True):
    """The workspace. `up` says who keeps the specialists going, empty where nobody does; `paused` is of all of them
    together, and `measures` is None where nothing has run. `untold` is who could not be told something yet, and
    `failing` how many sources have a problem. Of the specialists that templates make, the first are told one by one
    that something is open of, or wrong with."""

    workspace: str
    up: str
    has_run: bool
    paused: PauseTold | None
    untold: tuple[Untold, ...]
    failing: int
    specialists: tuple[SpecialistStatus, ...]
    templates: tuple[TemplateStatus, ...]
    measures: Measures | None


class _Stored(msgspec.Struct, frozen=True):
    """What the store knows, by specialist."""

    rows: dict[str, SpecialistRow]
    items: dict[str, dict[str, int]]
    open_runs: dict[str, OpenRuns]
    gates: dict[str, OpenGates]
    sources: dict[str, list[str]]
    spent: dict[str, tuple[int, int]]
    paused: dict[str, Paused]
    autopilots: dict[str, tuple[str, ...]]
    untold: tuple[Untold, ...] = ()
    failing: int = 0
    templates: tuple[TemplateStatus, ...] = ()


async def read_status(workspace: Workspace, load: Callable[[], App]) -> Status:
    """The status now; from the files alone where nothing has run yet. They are loaded where `platos up` does not say
    what is in them."""
    folder = workspace.state
    up, standing = await ask_standing(folder)
    if standing is None:
        standing = await anyio.to_thread.run_sync(lambda: standing_of(load(), Live()))
    found, stored, measures = dict(standing.specialists), None, None
    await anyio.to_thread.run_sync(_load_zones, standing.zone, found)
    try:
        async with read_store(folder) as store:
            stored = await _stored(store, found, standing.now)
            found |= await _made(store, folder, stored.rows.values())
            await anyio.to_thread.run_sync(_load_zones, standing.zone, found)
            measures = await _measures(store, standing)
    except NotFound:
        pass  # nothing has run
    known = stored or _Stored({}, {}, {}, {}, {}, {}, {}, {})
    each = [_specialist(standing.now, name, found.get(name), known, measures) for name in sorted({*found, *known.rows})]
    return Status(
        workspace=str(workspace.root),
        up=await anyio.to_thread.run_sync(_holder, folder) if up else "",
        has_run=stored is not None,
        paused=tell_pause(known.paused, [EVERYTHING]),
        untold=known.untold,
        failing=known.failing,
        specialists=tuple(each),
        templates=known.templates,
        measures=measures,
    )


async def _measures(store: ReadStore, standing: Standing) -> Measures:
    return await read_measures(store, ThreadOffload(), standing.now, standing.zone, standing.live, standing.paying)


def _load_zones(own: str, found: Definitions) -> None:
    """A time zone is a file, which is read when it is first asked for."""
    for zone in {own, *map(_zone, found.values())}:
        zone_info(zone)


def _holder(folder: Path) -> str:
    return str(holder_of(folder) or "a process that did not say which")


async def _stored(store: ReadStore, found: Definitions, now: Instant) -> _Stored:
    open_runs, waiting = await runs.first_open(store, _FEW), await gates.first_open(store, _FEW)
    sources: dict[str, list[str]] = {}
    for name, source, failures, problem in await cursors.problems(store, _MOST_PROBLEMS):
        times = f" ({failures} times in a row)" if failures > 1 else ""
        sources.setdefault(name, []).append(f"source {source}: {problem}{times}")
    paused = await pauses.every(store)
    rows = {row.name: row for row in await specialists.of_files(store)}
    of_note = {name for what in (open_runs, waiting, sources, paused) for name in what} - {*rows, EVERYTHING}
    for name in sorted(of_note)[:_MOST_TOLD]:
        row = await specialists.look(store, name)
        rows |= {name: row} if row is not None else {}
    return _Stored(
        rows=rows,
        items={name: await items.counts(store, name) for name in rows},
        open_runs=open_runs,
        gates=waiting,
        sources=sources,
        spent={name: await accounts.charged_to(store, name, day_start(now, _zone(found.get(name)))) for name in rows},
        paused=paused,
        autopilots={name: await autopilot_lines(store, name) for name in rows},
        untold=tuple(
            Untold(person=each.person, notifier=each.notifier, matters=each.waiting, tries=each.tries, why=each.failure)
            for each in await notices.undelivered(store)
        ),
        failing=await cursors.failing(store),
        templates=tuple([await _template(store, row) for row in await specialists.templates(store)]),
    )


async def _template(store: ReadStore, row: TemplateRow) -> TemplateStatus:
    return TemplateStatus(
        template=msgspec.json.decode(await journal.get_payload(store, row.definition), type=_Template).template,
        specialists=row.specialists,
        wakes=row.wakes,
        quiet=row.quiet,
        next=iso(row.due),
        problems=row.problems,
    )


async def _made(store: ReadStore, folder: Path, rows: Iterable[SpecialistRow]) -> dict[str, Described]:
    """What templates make of those who have one; by `platos up`, where it runs."""
    names = [row.name for row in rows if row.parameters is not None and row.present]
    found = await ask_made(folder, names) if names else {}
    if found is None:
        from platos.cli._made import describe_made

        found = await describe_made(store, names)
    return found


def _zone(found: Described | None) -> str:
    return found.schedule.zone if found is not None and found.schedule is not None else "UTC"


def _specialist(
    now: Instant, name: str, found: Described | None, stored: _Stored, measures: Measures | None
) -> SpecialistStatus:
    row, problems = stored.rows.get(name), list(stored.sources.get(name, []))
    if found is not None and found.error:
        problems.insert(0, found.error)
    idle: Mapping[str, IdleDay] = measures.costs.specialists if measures else {}
    due = _due(row, found, now)
    spent, of_triage = stored.spent.get(name, (0, 0))
    opened, waiting = stored.open_runs.get(name, _NO_RUNS), stored.gates.get(name, _NO_GATES)
    return SpecialistStatus(
        specialist=name,
        state=_state(name, found, stored),
        paused=tell_pause(stored.paused, [EVERYTHING, name]),
        next=iso(due),
        next_local=local(due, _zone(found)) if due is not None else "",
        wakes=row.wakes if row else 0,
        quiet=row.quiet if row else 0,
        items=stored.items.get(name, {}),
        open_runs=opened.first,
        open_run_count=opened.total,
        gates=waiting.first,
        gate_count=waiting.total,
        spent_nano=spent,
        cap_nano=found.day_nano if found else 0,
        triage_spent_nano=of_triage,
        triage_cap_nano=found.triage_day_nano if found else 0,
        idle_day_nano=idle[name].nano if name in idle else None,
        triage=measures.triage.get(name) if measures else None,
        autopilots=stored.autopilots.get(name, ()),
        problems=tuple(problems),
    )


def _due(row: SpecialistRow | None, found: Described | None, now: Instant) -> Instant | None:
    if row is not None:
        return row.due
    return found.schedule.next_after(now) if found is not None and found.schedule is not None else None


def _state(name: str, found: Described | None, stored: _Stored) -> str:
    opened = stored.open_runs.get(name, _NO_RUNS)
    if found is not None and found.error:
        return "problem"
    if name in stored.gates or opened.reviewed:
        return "waits for you"
    if EVERYTHING in stored.paused or name in stored.paused:
        return "paused"
    if opened.total:
        return "working"
    return "asleep" if found else "gone"
