"""The clock: nothing else reads the time."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from typing import Protocol

import anyio

from platos.core.instant import Instant
from platos.core.jump import Jump

__all__ = ["Clock"]


class Clock(Protocol):
    """Real or virtual time."""

    def now(self) -> Instant:
        """This moment."""
        ...

    async def wait(self, until: Instant | None, nudge: anyio.Event, idle: Callable[[], Awaitable[None]]) -> None:
        """Return at `until`, or as soon as `nudge` is set. None waits for the nudge alone.

        It also returns where the clock jumped. A virtual clock first awaits `idle()`, which returns when nothing is
        runnable or in flight, and then goes on to `until`.
        """
        ...

    def jumps(self) -> deque[Jump]:
        """What the clock did other than go on, the earliest first. Who has noted a jump takes it out."""
        ...
