"""The reader that does not block the event loop."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import aiosqlite
import anyio
import anyio.to_thread

from platos.store.database import connect_read_only, unusable
from platos.store.reader import Row

__all__ = ["ThreadReader"]


class ThreadReader:
    """aiosqlite: one connection and its thread, opened at the first query."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: aiosqlite.Connection | None = None
        self._opening = anyio.Lock()

    async def all(self, sql: str, **values: Any) -> list[Row]:
        connection = self._connection or await self._open()
        try:
            rows = await connection.execute_fetchall(sql, values)
        except sqlite3.DatabaseError as error:
            raise unusable(self._path, error) from error
        return [tuple(row) for row in rows]

    async def _open(self) -> aiosqlite.Connection:
        """The connection, whole: whoever asks while it is being opened waits, and a cancelled asker breaks nothing."""
        async with self._opening:
            if self._connection is None:
                with anyio.CancelScope(shield=True):
                    # aiosqlite's thread outlives an opening that fails, and then answers to a loop that may be closed
                    opened = await anyio.to_thread.run_sync(connect_read_only, self._path)
                    self._connection = await aiosqlite.Connection(lambda: opened, iter_chunk_size=64)
        assert self._connection is not None
        return self._connection

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None
