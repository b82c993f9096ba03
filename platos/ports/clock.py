"""The clock: nothing else reads the time."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from platos.core.instant import Instant

__all__ = ["Clock"]


class Clock(Protocol):
    """Real or virtual time."""

    def now(self) -> Instant:
        """This moment."""
        ...

    async def wait(
        self, until: Instant | None, nudged: Callable[[], Awaitable[None]], idle: Callable[[], Awaitable[None]]
    ) -> None:
        """Return at `until`, or as soon as `nudged()` returns. None waits for the nudge alone.

        A virtual clock first awaits `idle()`, which returns when nothing is runnable or in flight, and then jumps.
        """
        ...
