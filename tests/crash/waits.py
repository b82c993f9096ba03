"""Whether a process waits before it owns its state folder: for a lease, for a lock, for anything but the disk."""

from __future__ import annotations

import fcntl
import time
from typing import Any

import anyio

from platos.clock import VirtualClock

__all__ = ["Waits"]


class Waits:
    """Counts how often this process tried for a lock and how often it slept; and how far its clock went meanwhile."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock, self._began = clock, clock.now()
        self._locked = self._slept = 0

    def watch(self) -> None:
        """Stand before everything that can wait."""
        flock, sleep, nap = fcntl.flock, time.sleep, anyio.sleep

        def locking(*asked: Any) -> None:
            self._locked += 1
            flock(*asked)

        def sleeping(seconds: float) -> None:
            self._slept += 1
            sleep(seconds)

        async def napping(seconds: float) -> None:
            self._slept += 1
            await nap(seconds)

        for module, function, name in ((fcntl, locking, "flock"), (time, sleeping, "sleep"), (anyio, napping, "sleep")):
            setattr(module, name, function)

    def seen(self) -> dict[str, int]:
        """Tries for a lock, sleeps, and microseconds that passed on the clock."""
        return {"tries": self._locked, "sleeps": self._slept, "passed": self._clock.now() - self._began}
