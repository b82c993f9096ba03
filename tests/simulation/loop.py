"""A deterministic event loop: virtual time, and task wake-ups in an order that a seed decides. One seed, one trace.

Real anyio code runs on it. Tasks that are awake together run in an order drawn by the seed; everything else that is
called soon keeps its place. Time moves only when nothing can run, to the next timer; no descriptor is ever looked at.
"""

from __future__ import annotations

import asyncio
import random
import selectors
from array import array
from collections import deque
from collections.abc import Callable, Coroutine, Iterable
from hashlib import sha256
from typing import Any, TypeVar

__all__ = ["Deadlock", "SimulatedLoop", "run"]

T = TypeVar("T")
Place = tuple[int, int]
"""The number of a task that is awake, and where it stands among what is ready."""


_MOST_ROUNDS = 10_000


class Deadlock(BaseException):
    """Nothing can run, and nothing ever will; or all runs for ever, and no time passes. Nothing simulated may catch
    it."""


class _NoDescriptors(selectors.SelectSelector):
    """Where a real loop looks for descriptors, and waits: one round of the simulation begins here."""

    loop: SimulatedLoop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self.loop.begin_round(timeout)
        return []


class SimulatedLoop(asyncio.SelectorEventLoop):
    """`chance` is the seed's: whatever else is random in what is simulated draws from it."""

    _ready: deque[asyncio.Handle]
    _clock_resolution: float

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.wakes = 0
        self._seconds = 0.0
        self._order = random.Random(f"order {seed}")
        self._numbers: dict[asyncio.Task[Any], int] = {}
        self._born = 0
        self._rounds = 0
        self._over = False
        self._trace = sha256()
        self._woken = array("q")
        self._strikes: dict[int, Callable[[], None]] = {}
        selector = _NoDescriptors()
        selector.loop = self
        super().__init__(selector)
        self._clock_resolution = 1e-6  # a timer is due where the sum of many sleeps falls short of it by a rounding

    def time(self) -> float:
        """Seconds since the loop was made."""
        return self._seconds

    @property
    def trace(self) -> str:
        """A digest of who was woken, in which order and when, and of all that was noted."""
        self._tell()
        return self._trace.hexdigest()

    def note(self, what: bytes) -> None:
        """Let something else that happened be a part of the trace."""
        self._tell()
        self._trace.update(what)

    def strike(self, after: int, blow: Callable[[], None]) -> None:
        """Call `blow` between two wake-ups, after so many more of them."""
        self._strikes[self.wakes + after] = blow

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        """A task with a number: the same in every run of one seed, unlike its address."""
        task = super().create_task(coro, **options)
        self._born += 1
        self._numbers[task] = self._born
        task.add_done_callback(self._numbers.pop)
        return task

    def end(self) -> None:
        """Nothing of a simulation outlasts it, also where it broke."""
        self._rounds, self._over = 0, True  # what is left to be closed hangs on when memory was last tidied
        left = asyncio.all_tasks(self)
        for task in left:
            task.cancel()
        self.run_until_complete(_ended(left))
        self.run_until_complete(self.shutdown_asyncgens())
        self.close()

    def begin_round(self, timeout: float | None) -> None:
        """Draw the order in which tasks wake, or, where nothing can run, let time pass. Raises Deadlock."""
        if timeout is None:
            raise Deadlock(f"nothing can run, {self._seconds:.6f} s from the start")
        self._seconds += timeout
        self._rounds = 0 if timeout else self._rounds + 1
        if self._rounds > _MOST_ROUNDS:
            raise Deadlock(f"no time passes any more, {self._seconds:.6f} s from the start")
        awake = [(number, at) for at, handle in enumerate(self._ready) if (number := self._who(handle))]
        if awake:
            self._draw(awake)
            if not self._over:
                self._woken.append(round(self._seconds * 1_000_000))
                self._woken.extend(number for number, _ in awake)
            self._count(len(awake))

    def _draw(self, awake: list[Place]) -> None:
        if len(awake) > 1:
            ready, places = list(self._ready), [at for _, at in awake]
            awake.sort()  # cancel scopes keep tasks in sets, whose order is that of addresses
            self._order.shuffle(awake)
            for place, (_, at) in zip(places, awake, strict=True):
                self._ready[place] = ready[at]

    def _count(self, woken: int) -> None:
        self.wakes += woken
        for at in [at for at in self._strikes if at <= self.wakes]:
            self.call_soon(self._strikes.pop(at))

    def _who(self, handle: asyncio.Handle) -> int:
        """The number of the task that a handle wakes, 0 where it wakes none."""
        owner = getattr(getattr(handle, "_callback", None), "__self__", None)
        return self._numbers.get(owner, 0) if isinstance(owner, asyncio.Task) else 0

    def _tell(self) -> None:
        self._trace.update(self._woken.tobytes())
        self._woken = array("q")


def run(loop: SimulatedLoop, main: Coroutine[Any, Any, T]) -> T:
    """What `main` comes to on a new loop, which is of no more use then. Raises Deadlock, or what `main` raises."""
    try:
        return loop.run_until_complete(main)
    finally:
        loop.end()


async def _ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    await asyncio.gather(*tasks, return_exceptions=True)
