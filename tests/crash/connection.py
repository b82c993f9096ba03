"""The part of `sqlite3.Connection` that the store uses, on apsw's SQLite."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import apsw

__all__ = ["CHECKPOINT_AT", "Connection", "Rows"]

CHECKPOINT_AT = 12
"""Pages in the write-ahead log from which a commit moves them into the file: few, so that it happens often."""

Values = Mapping[str, Any] | Sequence[Any]

_KINDS = {
    apsw.SQLITE_CORRUPT: sqlite3.DatabaseError,
    apsw.SQLITE_NOTADB: sqlite3.DatabaseError,
    apsw.SQLITE_CONSTRAINT: sqlite3.IntegrityError,
}


@contextmanager
def _as_sqlite3_says_it() -> Iterator[None]:
    try:
        yield
    except apsw.Error as error:
        code: int = getattr(error, "extendedresult", apsw.SQLITE_ERROR)
        said = _KINDS.get(code & 0xFF, sqlite3.OperationalError)(str(error))
        said.sqlite_errorcode = code
        raise said from error


class Rows:
    """What a statement gives."""

    def __init__(self, cursor: apsw.Cursor) -> None:
        self._cursor = cursor
        self.rowcount = cursor.connection.changes()
        self.lastrowid = cursor.connection.last_insert_rowid()

    def fetchone(self) -> tuple[Any, ...] | None:
        with _as_sqlite3_says_it():
            row: tuple[Any, ...] | None = self._cursor.fetchone()
            return row

    def fetchall(self) -> list[tuple[Any, ...]]:
        with _as_sqlite3_says_it():
            return list(self._cursor.fetchall())


class Connection:
    """A connection through one VFS; the first argument after it and the options are those of `sqlite3.connect`."""

    def __init__(self, vfs: str, database: Path | str, *, timeout: float = 5.0, uri: bool = False, **_: object) -> None:
        flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE | (apsw.SQLITE_OPEN_URI if uri else 0)
        with _as_sqlite3_says_it():
            self._connection = apsw.Connection(str(database), flags, vfs)
        self._connection.set_busy_timeout(int(timeout * 1_000))
        self._connection.set_wal_hook(_checkpoint)

    @property
    def in_transaction(self) -> bool:
        return self._connection.in_transaction

    def execute(self, sql: str, values: Values = ()) -> Rows:
        with _as_sqlite3_says_it():
            return Rows(self._connection.cursor().execute(sql, values))

    def executemany(self, sql: str, rows: Iterable[Values]) -> None:
        with _as_sqlite3_says_it():
            self._connection.cursor().executemany(sql, rows)

    def executescript(self, script: str) -> None:
        self.execute(script).fetchall()

    def close(self) -> None:
        """SQLite closes whatever the disk says to its last checkpoint."""
        with suppress(apsw.Error):
            self._connection.close(True)


def _checkpoint(connection: apsw.Connection, database: str, pages: int) -> int:
    """What SQLite does by itself after a commit; as there, a checkpoint that fails does not fail the commit."""
    if pages >= CHECKPOINT_AT:
        with suppress(apsw.Error):
            connection.wal_checkpoint(database, apsw.SQLITE_CHECKPOINT_PASSIVE)
    return apsw.SQLITE_OK
