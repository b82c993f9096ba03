"""Readers: read-only connections, off the event loop. Other processes read the same way."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Protocol

import aiosqlite
import anyio

from platos.store.database import connect_read_only, read_only_uri, unusable

__all__ = ["InlineReader", "Reader", "ThreadReader"]

Row = tuple[Any, ...]


class Reader(Protocol):
    """Answers queries from what is committed. Raises StoreCorrupt or StoreError where the file cannot be read."""

    async def all(self, sql: str, **values: Any) -> list[Row]: ...

    async def close(self) -> None: ...


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
                    uri = read_only_uri(self._path)
                    self._connection = await aiosqlite.connect(uri, uri=True, isolation_level=None)
        assert self._connection is not None
        return self._connection

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


class InlineReader:
    """The same on the event loop itself, for simulations."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection = connect_read_only(path)

    async def all(self, sql: str, **values: Any) -> list[Row]:
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise unusable(self._path, error) from error

    async def close(self) -> None:
        self._connection.close()
