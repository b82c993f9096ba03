"""Readers: read-only connections. Other processes read the same way."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any, Protocol

from platos.store.database import connect_read_only, unusable

__all__ = ["InlineReader", "Reader", "Row"]

Row = tuple[Any, ...]


class Reader(Protocol):
    """Answers queries from what is committed. Raises StoreCorrupt or StoreError where the file cannot be read."""

    async def all(self, sql: str, **values: Any) -> list[Row]: ...

    async def close(self) -> None: ...


class InlineReader:
    """On the calling thread: for simulations, and for a process that only asks. It waits for nothing, so that who asks
    needs no event loop."""

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
