"""What the doctor sees of the work: every run that is open with what it waits for, what is paused, and dead letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from platos.cli._finding import Finding, fine, note, wrong
from platos.cli._pauses import tell_pause
from platos.cli._ways_on import way_on
from platos.core.effect import EffectState
from platos.core.event import AnyEvent, EffectMoved, Paused
from platos.core.instant import MINUTE, Instant, iso
from platos.core.state import State
from platos.errors import Broken
from platos.store import ReadStore, gates, journal, pauses, runs
from platos.store.pauses import EVERYTHING
from platos.store.runs import RunRow

__all__ = ["look_at_runs"]

_OVERDUE = 10 * MINUTE


async def look_at_runs(store: ReadStore, *, up: bool, now: Instant) -> list[Finding]:
    """The work, as the store has it; `up` says whether somebody keeps it going."""
    found, paused = await runs.open_runs(store), await pauses.every(store)
    asked = {gate.name for gate in await gates.open_gates(store)}
    told = {run: await journal.events(store, run.name) for run in found}
    at_rest = [_stuck(run, told[run], asked) or _open(run, told[run], paused, up, now) for run in found]
    return [*_paused(paused), *at_rest, *_dead(await runs.dead(store))]


def _paused(paused: Mapping[str, Paused]) -> Iterator[Finding]:
    for name in paused:
        pause = tell_pause(paused, [name])
        if pause is not None:
            yield note(f"pause of {name or 'everything'}", pause.text, pause.way_out)


def _stuck(run: RunRow, told: Sequence[AnyEvent], asked: set[str]) -> Finding | None:
    """A run that waits for nothing that can come."""
    waits = runs.waits(told)
    answerable = [what for what in waits if not what.startswith("g") or what in asked]
    if run.state is not State.NEEDS_REVIEW or answerable:
        return None
    gone = f"it waits for {', '.join(waits) or 'nothing'}, and nothing asks for that"
    return wrong(f"run {run.name}", Broken(gone, hint=f"platos retry {run.name}, or platos cancel {run.name}"))


def _open(run: RunRow, told: Sequence[AnyEvent], paused: Mapping[str, Paused], up: bool, now: Instant) -> Finding:
    """What a run waits for, and what moves it."""
    about, mine = f"run {run.name}", f"{run.state} of {run.specialist}"
    pause = tell_pause(paused, [EVERYTHING, run.specialist])
    overdue = run.due is not None and now - run.due > _OVERDUE
    if pause is not None and run.state is not State.NEEDS_REVIEW:
        return note(about, f"{mine}, {pause.text}", pause.way_out)
    if run.state is State.NEEDS_REVIEW or (run.due is not None and not overdue):
        until = f", goes on at {iso(run.due)}" if run.due is not None else ""
        doubt = _in_doubt(told)
        return note(about, f"{mine}{until}: {run.why}", way_on(run.name, run.state, runs.waits(told), in_doubt=doubt))
    if not up:
        return note(about, f"{mine}, and nobody works on it: {run.why or 'it was under way'}", "platos up")
    if overdue:
        late = Broken(f"it was due at {iso(run.due)}, and nobody took it up", hint=f"platos retry {run.name}")
        return wrong(about, late)
    return fine(about, f"at work, for {run.specialist}: {run.why or 'it has just begun'}")


def _in_doubt(told: Sequence[AnyEvent]) -> bool:
    """Is the last word on any effect that it is in doubt?"""
    last = {event.effect: event.state for event in told if isinstance(event, EffectMoved)}
    return EffectState.IN_DOUBT in last.values()


def _dead(found: Sequence[RunRow]) -> Iterator[Finding]:
    if found:
        names = ", ".join(run.name for run in found[:3]) + (", …" if len(found) > 3 else "")
        count = f"{len(found)} run{'s' * (len(found) > 1)} failed"
        yield note("dead letters", f"{count}: {names}", "platos dead")
