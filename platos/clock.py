"""Time and threads: what a simulation replaces, and nothing else reads or starts."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar, TypeVarTuple

import anyio
import anyio.lowlevel
import anyio.to_thread

from platos.core.instant import SECOND, Instant, Span
from platos.core.jump import Jump, JumpKind, Reading, jumps_between

__all__ = ["Clocks", "InlineOffload", "MachineClocks", "SystemClock", "ThreadOffload", "VirtualClock"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

_LONGEST_SLEEP = 30.0
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", None)
"""Linux has a clock that counts suspends too, beside the monotonic one, which does not."""


class Clocks(Protocol):
    """The clocks of a machine: the one on the wall, which is asked often, or all of them at one moment."""

    def wall(self) -> Instant: ...

    def read(self) -> Reading: ...


class MachineClocks:
    """This machine's."""

    def wall(self) -> Instant:
        return time.time_ns() // 1000

    def read(self) -> Reading:
        passed = None if _BOOTTIME is None else time.clock_gettime_ns(_BOOTTIME) // 1000
        return Reading(self.wall(), time.monotonic_ns() // 1000, passed)


class SystemClock:
    """The machine's clock."""

    def __init__(self, clocks: Clocks | None = None) -> None:
        self._clocks = clocks or MachineClocks()
        self._last = self._clocks.read()
        self._jumps: deque[Jump] = deque()

    def now(self) -> Instant:
        return self._clocks.wall()

    def jumps(self) -> deque[Jump]:
        self._look()
        return self._jumps

    async def wait(self, until: Instant | None, nudge: anyio.Event, idle: Callable[[], Awaitable[None]]) -> None:
        """Waits in naps: a machine that was suspended has a clock that jumped, and a nap notices it."""
        known = len(self._jumps)
        while not nudge.is_set() and len(self._jumps) == known and (until is None or self.now() < until):
            nap = _LONGEST_SLEEP if until is None else min(_LONGEST_SLEEP, (until - self.now()) / SECOND)
            with anyio.move_on_after(max(0, nap)):
                await nudge.wait()
            self._look()

    def _look(self) -> None:
        reading = self._clocks.read()
        self._jumps += jumps_between(self._last, reading)
        self._last = reading


class VirtualClock:
    """Time that jumps to the next due row when nothing is runnable or in flight: months run in seconds."""

    def __init__(self, start: Instant) -> None:
        self._now = start
        self._jumps: deque[Jump] = deque()

    def now(self) -> Instant:
        return self._now

    def advance_to(self, instant: Instant) -> None:
        """Time has passed. It never goes back."""
        self._now = max(self._now, instant)

    def set_to(self, instant: Instant) -> None:
        """Somebody sets the clock, forward or back."""
        self._jump(instant, JumpKind.SET_FORWARD if instant > self._now else JumpKind.SET_BACK)

    def suspend(self, span: Span) -> None:
        """The machine sleeps for a while."""
        self._jump(self._now + span, JumpKind.SUSPENDED)

    def jumps(self) -> deque[Jump]:
        return self._jumps

    async def wait(self, until: Instant | None, nudge: anyio.Event, idle: Callable[[], Awaitable[None]]) -> None:
        known = len(self._jumps)
        await idle()
        if nudge.is_set() or len(self._jumps) > known:
            return
        if until is None:
            await nudge.wait()
        else:
            self.advance_to(until)

    def _jump(self, instant: Instant, what: JumpKind) -> None:
        self._jumps.append(Jump(self._now, instant, what))
        self._now = instant


class ThreadOffload:
    """Blocking work in worker threads, as many at once as anyio's default limit."""

    async def __call__(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        return await anyio.to_thread.run_sync(function, *args, abandon_on_cancel=True)


class InlineOffload:
    """Blocking work on the event loop, for simulations: one thread, one order."""

    async def __call__(self, function: Callable[[*Ts], T], *args: *Ts) -> T:
        await anyio.lowlevel.checkpoint()
        return function(*args)
