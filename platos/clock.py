"""Time and threads: what a simulation replaces, and nothing else reads or starts."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.lowlevel
import anyio.to_thread

from platos.core.instant import SECOND, Instant

__all__ = ["InlineOffload", "SystemClock", "ThreadOffload", "VirtualClock"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_LONGEST_SLEEP = 30.0


class SystemClock:
    """The machine's clock."""

    def now(self) -> Instant:
        return time.time_ns() // 1000

    async def wait(self, until: Instant | None, nudge: anyio.Event, idle: Callable[[], Awaitable[None]]) -> None:
        """Waits in naps: a machine that was suspended has a clock that jumped, and a nap notices it."""
        while not nudge.is_set() and (until is None or self.now() < until):
            nap = _LONGEST_SLEEP if until is None else min(_LONGEST_SLEEP, (until - self.now()) / SECOND)
            with anyio.move_on_after(max(0, nap)):
                await nudge.wait()


class VirtualClock:
    """Time that jumps to the next due row when nothing is runnable or in flight: months run in seconds."""

    def __init__(self, start: Instant) -> None:
        self._now = start

    def now(self) -> Instant:
        return self._now

    def advance_to(self, instant: Instant) -> None:
        """Jump. Time never goes back."""
        self._now = max(self._now, instant)

    async def wait(self, until: Instant | None, nudge: anyio.Event, idle: Callable[[], Awaitable[None]]) -> None:
        await idle()
        if nudge.is_set():
            return
        if until is None:
            await nudge.wait()
        else:
            self.advance_to(until)


class ThreadOffload:
    """Blocking work in worker threads, as many at once as anyio's default limit."""

    async def __call__(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        return await anyio.to_thread.run_sync(function, *args, abandon_on_cancel=True)


class InlineOffload:
    """Blocking work on the event loop, for simulations: one thread, one order."""

    async def __call__(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        await anyio.lowlevel.checkpoint()
        return function(*args)
