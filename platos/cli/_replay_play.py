"""The replay itself: the engine lives through the recording on the virtual clock."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import NamedTuple

import anyio
import typer

from platos.app import App
from platos.cli._progress import ticking
from platos.cli._replay_facts import Facts, gather
from platos.cli._replay_money import Naive
from platos.cli._replay_recording import Recording
from platos.cli._replay_specialist import MOST_A_WAKE
from platos.clock import VirtualClock
from platos.core.instant import Instant
from platos.core.schedule import Schedule
from platos.core.specialist import Specialist
from platos.runtime.engine import Engine

__all__ = ["Play", "end_of", "play"]

_PIECES = 100
"""In how many pieces the time is lived through, to tell of the progress."""

_BY_SIGNAL = 128
"""A shell's exit code for what a signal ended is this and the signal's number."""


class Play(NamedTuple):
    """All that a replay needs. The app is in its scratch folder, on a virtual clock."""

    app: App
    specialist: Specialist
    recording: Recording
    naive: Naive


async def play(its: Play) -> Facts:
    """Live through the recording, and look at what came of it. Raises typer.Exit where a signal says stop."""
    facts, number = None, 0
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with anyio.create_task_group() as tasks:

            async def stop_at_a_signal() -> None:
                nonlocal number
                number = await anext(signals)
                tasks.cancel_scope.cancel()

            tasks.start_soon(stop_at_a_signal)
            facts = await _play(its)
            tasks.cancel_scope.cancel()
    if facts is None:
        raise typer.Exit(_BY_SIGNAL + number)
    return facts


async def _play(its: Play) -> Facts:
    recording, clock = its.recording, its.app.clock
    assert isinstance(clock, VirtualClock)
    clock.advance_to(recording.first - 1)  # a slot is later than the moment after which it is looked for
    async with its.app.engine("replay", inline=True) as engine:
        with ticking(_PIECES, f"% of {recording.days:,g} days") as tick:
            await _live_through(engine, recording.first, end_of(recording, its.specialist.schedule), tick)
        return await gather(engine.store, its.specialist, recording, its.naive)


def end_of(recording: Recording, schedule: Schedule) -> Instant:
    """When the last slot is over that the recording needs.

    After its last moment it has as many slots as it takes to bring all of it in, even if all of it came at once.
    """
    wakes = -(-recording.lines // MOST_A_WAKE)
    return schedule.slots(recording.last - 1, wakes)[-1] + 1


async def _live_through(engine: Engine, start: Instant, end: Instant, tick: Callable[[], None]) -> None:
    """Wake at every slot from start to end; `tick` after each piece of the time."""
    for piece in range(1, _PIECES + 1):
        await engine.live(start + (end - start) * piece // _PIECES)
        tick()
    await engine.rest()
