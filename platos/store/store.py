"""The store as the runtime uses it: transactions in, rows out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

from platos.store.database import check_version, file_in, readable
from platos.store.reader import InlineReader, Reader, Row
from platos.store.tx import Tx

if TYPE_CHECKING:
    from platos.store.writer import Writer

__all__ = ["ReadStore", "Row", "Store", "read_inline", "reading"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class ReadStore:
    """A store that can only be asked."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    async def all(self, sql: str, **values: Any) -> list[Row]:
        """Every row of a query, from what is committed."""
        return await self._reader.all(sql, **values)

    async def one(self, sql: str, **values: Any) -> Row | None:
        """The first row of a query, or None."""
        rows = await self._reader.all(sql, **values)
        return rows[0] if rows else None


class Store(ReadStore):
    """A store that can be written: by one process, as one epoch."""

    def __init__(self, folder: Path, reader: Reader, writer: Writer, epoch: int) -> None:
        super().__init__(reader)
        self._writer = writer
        self.folder = folder
        self.epoch = epoch

    @property
    def rollbacks(self) -> int:
        """How many transactions were undone since it was opened."""
        return self._writer.rollbacks

    async def transact(self, function: Callable[[Tx, *Ts], T], *arguments: *Ts) -> T:
        """Run `function(tx, *arguments)` in a transaction; its result, once it is committed.

        Whatever it raises undoes all of it. A caller that is cancelled does not know whether it was committed. Raises
        StoreFull, StoreUnknown or EpochLost where the store itself fails.
        """
        result: T = await self._writer.submit(function, arguments)
        return result


@asynccontextmanager
async def reading(path: Path, reader: Reader) -> AsyncIterator[ReadStore]:
    """Read a state file whose version is known. Raises StoreNewer, StoreCorrupt or StoreError."""
    with readable(path):
        rows = await reader.all("PRAGMA user_version")
    check_version(rows[0][0], path)
    yield ReadStore(reader)


@asynccontextmanager
async def read_inline(folder: Path) -> AsyncIterator[ReadStore]:
    """As `read_store`, on the calling thread, for who needs no event loop otherwise. Raises the same."""
    path = file_in(folder)
    with readable(path):
        reader = InlineReader(path)
    try:
        async with reading(path, reader) as store:
            yield store
    finally:
        await reader.close()
