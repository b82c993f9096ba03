"""The store as the runtime uses it: transactions in, rows out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

import anyio
import anyio.lowlevel

from platos.errors import NotFound, StoreCorrupt
from platos.store import database
from platos.store.damage import quarantine
from platos.store.lock import FolderLock
from platos.store.reader import InlineReader, Reader, ThreadReader
from platos.store.tx import Tx
from platos.store.writer import Committer, InlineWriter, ThreadWriter, Writer

__all__ = ["ReadStore", "Store", "open_store", "read_store"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Row = tuple[Any, ...]


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
async def open_store(folder: Path, *, command: str, now: int, inline: bool = False) -> AsyncIterator[Store]:
    """Own a state folder: its lock, its file, a new epoch. `inline` keeps everything on the event loop.

    A block that ends because damage was found leaves the folder in quarantine.
    Raises StoreBusy, StoreNewer, StoreCorrupt or StoreError; then nothing was changed.
    """
    lock = await _off_the_loop(inline, partial(FolderLock, folder, command=command, now=now))
    try:
        path = folder / database.NAME
        committer = await _off_the_loop(inline, _take_over, path)
        writer = InlineWriter(committer) if inline else ThreadWriter(committer)
        reader = InlineReader(path) if inline else ThreadReader(path)
        try:
            yield Store(folder, reader, writer, committer.epoch)
        except BaseException as error:
            damage = _damage(error)
            if damage is not None:
                await _off_the_loop(inline, quarantine, folder, damage)
            raise
        finally:
            with anyio.CancelScope(shield=True):
                writer.end()
                await reader.close()
                await _off_the_loop(inline, writer.close)
    finally:
        lock.close()


def _damage(error: BaseException) -> StoreCorrupt | None:
    """The damage that ended a block, among whatever else did."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for each in error.exceptions if (found := _damage(each)) is not None), None)
    return error if isinstance(error, StoreCorrupt) else None


def _take_over(path: Path) -> Committer:
    connection = database.connect(path)
    try:
        epoch = database.take_over(connection, path)
    except BaseException:
        connection.close()
        raise
    return Committer(connection, lambda: database.connect(path), epoch)


async def _off_the_loop(inline: bool, function: Callable[[*Ts], T], *arguments: *Ts) -> T:
    if inline:
        await anyio.lowlevel.checkpoint()
        return function(*arguments)
    return await anyio.to_thread.run_sync(function, *arguments)


@asynccontextmanager
async def read_store(folder: Path) -> AsyncIterator[ReadStore]:
    """Read a state folder that another process may own.

    Raises NotFound where there is none yet, StoreNewer, StoreCorrupt or StoreError.
    """
    path = folder / database.NAME
    if not await anyio.Path(path).exists():
        raise NotFound("nothing has run here yet", where=str(folder), hint="platos up, or platos wake NAME")
    reader = ThreadReader(path)
    try:
        with database.readable(path):
            rows = await reader.all("PRAGMA user_version")
        database.check_version(rows[0][0], path)
        yield ReadStore(reader)
    finally:
        with anyio.CancelScope(shield=True):
            await reader.close()
