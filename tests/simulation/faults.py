"""Faults at the store: a process that is gone at its n-th transaction, and a disk that is full for a while.

Reads and transactions of a simulation come back at once; here each lets others run first, as a thread would.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import anyio.lowlevel
import pytest

from platos.errors import StoreFull
from platos.store import ReadStore, Store
from tests.simulation.world import Cut, World

__all__ = ["StoreFaults"]

Read = Callable[..., Any]


class StoreFaults:
    """Stands between the runtime and its store. `cut_in(n, after=True)` ends the process once its n-th transaction
    from now is written, and before anybody hears of it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._left = 0
        self._after = False

    def cut_in(self, count: int, *, after: bool) -> None:
        self._left, self._after = count, after

    def spare(self) -> None:
        """Cut nothing."""
        self._left = 0

    @contextmanager
    def between(self) -> Iterator[None]:
        """For as long as the block lasts, every store is reached through here."""
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Store, "transact", self._transact(Store.transact))
            patch.setattr(ReadStore, "all", self._read(ReadStore.all))
            patch.setattr(ReadStore, "one", self._read(ReadStore.one))
            yield

    def _transact(self, transact: Callable[..., Any]) -> Callable[..., Any]:
        async def reached(store: Store, function: Callable[..., Any], *arguments: Any) -> Any:
            await anyio.lowlevel.checkpoint()
            self._world.alive()
            self._left -= 1
            if self._left == 0 and not self._after:
                self._die()
            if self._world.full:
                raise StoreFull("the disk is full; nothing was written")
            answer = await transact(store, function, *arguments)
            if self._left == 0:
                self._die()
            await anyio.lowlevel.checkpoint()
            return answer

        return reached

    def _read(self, read: Read) -> Read:
        async def reached(store: ReadStore, sql: str, **values: Any) -> Any:
            await anyio.lowlevel.checkpoint()
            self._world.alive()
            return await read(store, sql, **values)

        return reached

    def _die(self) -> None:
        self._world.dead = True
        raise Cut
