"""Patience: how long each asker waits. One timer for all that wait under a supervisor, however many they are."""

from __future__ import annotations

import heapq
from itertools import count
from typing import Protocol

import anyio
from anyio.abc import TaskGroup

__all__ = ["Patience", "Waiting"]

_FEW = 64


class Waiting(Protocol):
    """What is waited for. `settled` tells that nobody waits any more."""

    settled: bool

    def expire(self) -> None:
        """Its time is over."""


class Patience:
    """Lets what is waited for expire, each at its deadline: seconds of the event loop's clock.

    A scope of its own for each ask would cost more than the ask. Here an ask is one entry in a heap, and one task waits
    for the first of them; what was answered is swept out when it is half of the heap.
    """

    __slots__ = ("_asleep", "_due", "_keeping", "_numbers", "_sweep_at", "_tasks")

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._due: list[tuple[float, int, Waiting]] = []
        self._numbers = count()
        self._sweep_at = _FEW
        self._keeping = False
        self._asleep: anyio.CancelScope | None = None

    def __len__(self) -> int:
        return len(self._due)

    def expect(self, waiting: Waiting, deadline: float) -> None:
        """Let it expire then, unless it is settled."""
        if len(self._due) >= self._sweep_at:
            self._sweep()
        heapq.heappush(self._due, (deadline, next(self._numbers), waiting))
        if not self._keeping:
            self._tasks.start_soon(self._keep, name="patience")
            self._keeping = True
        elif self._asleep is not None and deadline < self._asleep.deadline:
            self._asleep.deadline = deadline

    def rest(self) -> None:
        """Nobody waits any more: hold no task."""
        self._due.clear()
        if self._asleep is not None:
            self._asleep.cancel()

    def _sweep(self) -> None:
        self._due = [due for due in self._due if not due[2].settled]
        heapq.heapify(self._due)
        self._sweep_at = 2 * len(self._due) + _FEW

    async def _keep(self) -> None:
        try:
            while self._due:
                with anyio.CancelScope(deadline=self._due[0][0]) as self._asleep:
                    await anyio.sleep_forever()
                self._let_expire(anyio.current_time())
        finally:
            self._keeping, self._asleep = False, None

    def _let_expire(self, now: float) -> None:
        while self._due and (self._due[0][2].settled or self._due[0][0] <= now):
            waiting = heapq.heappop(self._due)[2]
            if not waiting.settled:
                waiting.expire()
