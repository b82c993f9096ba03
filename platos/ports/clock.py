"""The clock: nothing else reads the time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

import anyio

from platos.core.instant import Instant

__all__ = ["Clock"]


class Clock(Protocol):
    """Real or virtual time."""

    def now(self) -> Instant:
        """This moment."""
        ...

    async def wait(self, until: Instant | None, nudge: anyio.Event, idle: Callable[[], Awaitable[None]]) -> None:
        """Return at `until`, or as soon as `nudge` is set. None waits for the nudge alone.

        A virtual clock first awaits `idle()`, which returns when nothing is runnable or in flight, and then jumps.
        """
        ...
