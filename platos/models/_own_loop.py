"""An event loop in a thread of its own, for a library that would block the loop it is called on."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from platos.ports.offload import Offload

__all__ = ["OwnLoop"]

T = TypeVar("T")


class OwnLoop:
    """Starts with the first call, ends with `close`. Tasks that the library leaves behind end with it.

    A call holds no thread while it lasts: it is a task there, and a future here.
    """

    def __init__(self, offload: Offload) -> None:
        self._offload = offload
        self._opening = threading.Lock()
        self._running: _Running | None = None

    async def call(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `function` comes to on the other loop. Where the caller is cancelled, so is the call.

        Raises ConnectionError where the other loop was closed in the middle of it.
        """
        running = await self._offload(self._open) if self._running is None else self._running
        flight = asyncio.run_coroutine_threadsafe(function(), running.loop)
        try:
            return await asyncio.wrap_future(flight)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            raise ConnectionError("the models' event loop was closed") from None

    async def close(self) -> None:
        """End the loop. A later call starts another."""
        await self._offload(self._close)

    def _open(self) -> _Running:
        with self._opening:
            running = self._running = self._running or _Running()
            return running

    def _close(self) -> None:
        with self._opening:
            if self._running is not None:
                self._running.stop()
            self._running = None


class _Running:
    """A loop that runs, and its thread."""

    def __init__(self) -> None:
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self.loop = self._runner.get_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Cancel what still runs there, and wait for the thread."""
        self.loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def _run(self) -> None:
        with self._runner as runner:
            runner.run(self._until_ended())

    async def _until_ended(self) -> None:
        await self._ended.wait()
