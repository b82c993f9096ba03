"""An event loop in a thread of its own, for a library that would block the loop it is called on."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import ExitStack
from typing import Generic, TypeVar

import anyio
from anyio.from_thread import BlockingPortal, start_blocking_portal

from platos.ports.offload import Offload

__all__ = ["OwnLoop"]

T = TypeVar("T")


class OwnLoop:
    """Starts with the first call, ends with `close`. Tasks that the library leaves behind end with it."""

    def __init__(self, offload: Offload) -> None:
        self._offload = offload
        self._opening = threading.Lock()
        self._running = ExitStack()
        self._portal: BlockingPortal | None = None

    async def call(self, function: Callable[[], Awaitable[T]]) -> T:
        """What `function` comes to on the other loop. Where the caller is cancelled, so is the call."""
        flight: _Flight[T] = _Flight()
        try:
            return await self._offload(self._fly, flight, function)
        except anyio.get_cancelled_exc_class():
            with anyio.CancelScope(shield=True):
                await self._offload(flight.drop)
            raise

    async def close(self) -> None:
        """End the loop. A later call starts another."""
        await self._offload(self._close)

    def _fly(self, flight: _Flight[T], function: Callable[[], Awaitable[T]]) -> T:
        return flight.take(self._open().start_task_soon(function)).result()

    def _open(self) -> BlockingPortal:
        with self._opening:
            if self._portal is None:
                self._portal = self._running.enter_context(start_blocking_portal())
            return self._portal

    def _close(self) -> None:
        with self._opening:
            self._portal = None
            self._running.close()


class _Flight(Generic[T]):
    """A call on its way. It can be dropped before it has started, too."""

    def __init__(self) -> None:
        self._dropped = threading.Event()
        self._future: Future[T] | None = None

    def take(self, future: Future[T]) -> Future[T]:
        self._future = future
        if self._dropped.is_set():
            future.cancel()
        return future

    def drop(self) -> None:
        self._dropped.set()
        if self._future is not None:
            self._future.cancel()
