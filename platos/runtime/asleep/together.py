"""Together: what many bring at one time is written in one transaction.

While one is under way, what is brought meanwhile gathers for the next.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import anyio

from platos.store import Store, Tx

__all__ = ["Together"]

R = TypeVar("R")


class _Group(Generic[R]):
    """What is written in one transaction."""

    def __init__(self) -> None:
        self.brought: list[R] = []
        self.written = False


class Together(Generic[R]):
    """Writes by `write(tx, all that was brought)`, which must do nothing where it is called again with the same."""

    def __init__(self, store: Store, write: Callable[[Tx, list[R]], None]) -> None:
        self._store, self._write = store, write
        self._group: _Group[R] = _Group()
        self._turn = anyio.Lock(fast_acquire=True)

    async def bring(self, what: Sequence[R]) -> None:
        """Return when all of it is committed. Raises what transactions raise."""
        group = self._group
        group.brought += what
        async with self._turn:
            if group is self._group:
                self._group = _Group()
                await self._store.transact(self._write, group.brought)
                group.written = True
        if not group.written:  # whoever wrote for all of us failed, or was cancelled: each for itself
            await self._store.transact(self._write, list(what))
