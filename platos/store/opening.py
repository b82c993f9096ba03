"""Opening the store: to own it, or to read beside its owner."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import anyio
import anyio.lowlevel

from platos.errors import StoreCorrupt
from platos.store import owning
from platos.store.damage import quarantine
from platos.store.database import NAME, file_in
from platos.store.lock import FolderLock
from platos.store.reader import InlineReader
from platos.store.store import ReadStore, Store, reading
from platos.store.thread_reader import ThreadReader
from platos.store.writer import Committer, InlineWriter, ThreadWriter

__all__ = ["open_store", "read_store"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


@asynccontextmanager
async def open_store(folder: Path, *, command: str, now: int, inline: bool = False) -> AsyncIterator[Store]:
    """Own a state folder: its lock, its file, a new epoch. `inline` keeps everything on the event loop.

    A block that ends because damage was found leaves the folder in quarantine.
    Raises StoreBusy, StoreNewer, StoreCorrupt or StoreError; then nothing was changed.
    """
    lock = await _off_the_loop(inline, partial(FolderLock, folder, command=command, now=now))
    try:
        path = folder / NAME
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
    connection = owning.connect(path)
    try:
        epoch = owning.take_over(connection, path)
    except BaseException:
        connection.close()
        raise
    return Committer(connection, lambda: owning.connect(path), epoch)


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
    path = await anyio.to_thread.run_sync(file_in, folder)
    reader = ThreadReader(path)
    try:
        async with reading(path, reader) as store:
            yield store
    finally:
        with anyio.CancelScope(shield=True):
            await reader.close()
