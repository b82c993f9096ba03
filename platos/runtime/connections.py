"""Connections: what a run's tools hold open while the run is worked on. They end with it; a parked run holds none."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import anyio
from anyio.abc import TaskGroup, TaskStatus

from platos.errors import Failure
from platos.ports.tool import Connection

__all__ = ["Connections"]

log = logging.getLogger("platos")

Open = Callable[[], AbstractAsyncContextManager[Connection]]


class Connections:
    """One connection for all tools of a run that ask for it by the same name, each held by a task of the run."""

    def __init__(self, tasks: TaskGroup) -> None:
        self._tasks = tasks
        self._open: dict[str, Connection] = {}
        self._opening: dict[str, anyio.Lock] = {}

    async def share(self, name: str, opened: Open) -> Connection:
        """The connection of that name; where there is none that can be used, `opened` makes one. Raises what it
        raises."""
        async with self._opening.setdefault(name, anyio.Lock()):
            found = self._open.get(name)
            if found is None or found.ended.is_set():
                found = await self._tasks.start(_hold, opened)
                self._open[name] = found
            return found

    def end(self) -> None:
        """Nobody needs them any more."""
        for connection in self._open.values():
            connection.ended.set()


async def _hold(opened: Open, *, task_status: TaskStatus[Connection]) -> None:
    """Keep a connection open until it is ended. One that breaks has told those who waited on it, and ends no run."""
    held: Connection | None = None
    try:
        async with opened() as held:
            task_status.started(held)
            await held.ended.wait()
    except Failure as failure:
        if held is None:
            raise
        log.warning("a connection broke: %s", failure.what)
