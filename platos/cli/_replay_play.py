"""The replay itself: the engine lives through the recording on the virtual clock."""

from __future__ import annotations

import signal
from collections.abc import Awaitable, Callable, Sequence
from typing import NamedTuple, TypeVar

import anyio
import typer

from platos.app import App
from platos.cli._progress import ticking
from platos.cli._replay_recording import Recording
from platos.cli._replay_specialist import MOST_A_WAKE
from platos.clock import VirtualClock
from platos.core.instant import Instant
from platos.core.schedule import Schedule
from platos.core.specialist import Specialist
from platos.runtime.engine import Engine

__all__ = ["Play", "end_of", "evenly", "play"]

T = TypeVar("T")

_BY_SIGNAL = 128
"""A shell's exit code for what a signal ended is this and the signal's number."""


class Play(NamedTuple):
    """All that a replay needs. The app is in its scratch folder, on a virtual clock.

    `moments` are when its progress is told, as so many `what`, and `then` is done at each of them.
    """

    app: App
    specialist: Specialist
    recording: Recording
    moments: Sequence[Instant]
    what: str
    then: Callable[[Engine], Awaitable[None]] | None = None


async def play(its: Play, look: Callable[[Engine], Awaitable[T]]) -> T:
    """Live through the recording, and look at what came of it. Raises typer.Exit where a signal says stop."""
    found: list[T] = []
    number = 0
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
        async with anyio.create_task_group() as tasks:

            async def stop_at_a_signal() -> None:
                nonlocal number
                number = await anext(signals)
                tasks.cancel_scope.cancel()

            tasks.start_soon(stop_at_a_signal)
            found.append(await _play(its, look))
            tasks.cancel_scope.cancel()
    if not found:
        raise typer.Exit(_BY_SIGNAL + number)
    return found[0]


async def _play(its: Play, look: Callable[[Engine], Awaitable[T]]) -> T:
    clock = its.app.clock
    assert isinstance(clock, VirtualClock)
    clock.advance_to(its.recording.first - 1)  # a slot is later than the moment after which it is looked for
    async with its.app.engine("replay", inline=True) as engine:
        with ticking(len(its.moments), its.what) as tick:
            for moment in its.moments:
                await engine.live(moment)
                if its.then is not None:
                    await engine.rest()
                    await its.then(engine)
                tick()
            await engine.rest()
        return await look(engine)


def end_of(recording: Recording, schedule: Schedule) -> Instant:
    """When the last slot is over that the recording needs.

    After its last moment it has as many slots as it takes to bring all of it in, even if all of it came at once.
    """
    wakes = -(-recording.lines // MOST_A_WAKE)
    return schedule.slots(recording.last - 1, wakes)[-1] + 1


def evenly(start: Instant, end: Instant, pieces: int) -> list[Instant]:
    """The ends of so many equal pieces of the time."""
    return [start + (end - start) * piece // pieces for piece in range(1, pieces + 1)]
