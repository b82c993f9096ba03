"""Signs of life: from the models' own event loop to the caller's, and while we ourselves are what takes time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

__all__ = ["Pulse", "beating"]

_APART = 0.2
"""Seconds between two signs: a provider may send hundreds of pieces a second."""


class Pulse:
    """Calls `alive` on the event loop where the `with` block runs, and not once it is over."""

    def __init__(self, alive: Callable[[], None]) -> None:
        self._alive = alive
        self._loop = asyncio.get_running_loop()
        self._last = float("-inf")
        self._over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over = True

    def beat(self) -> None:
        """A sign of life, told from another thread. The first is passed on at once, others from time to time."""
        now = time.monotonic()
        if now - self._last >= _APART and not self._over:
            self._last = now
            self._loop.call_soon_threadsafe(self._tell)

    def _tell(self) -> None:
        if not self._over:
            self._alive()


@contextmanager
def beating(alive: Callable[[], None]) -> Iterator[None]:
    """Calls `alive` again and again while the block lasts: it is not the provider who is silent then."""
    loop = asyncio.get_running_loop()
    following: list[asyncio.Handle] = []

    def beat() -> None:
        alive()
        following[:] = [loop.call_later(_APART, beat)]

    following.append(loop.call_soon(beat))
    try:
        yield
        alive()
    finally:
        following[0].cancel()
