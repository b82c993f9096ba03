"""The database file: made private, opened with the settings that durability needs, brought up to this version."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from urllib.parse import quote

from platos.errors import StoreCorrupt, StoreError, StoreNewer
from platos.store.migrations import all_migrations

__all__ = ["NAME", "VERSION", "connect", "connect_read_only", "read_only_uri", "take_over"]

NAME = "platos.db"
VERSION = all_migrations()[-1][0]

_BUSY_MILLISECONDS = 1_000
_SETTINGS = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # synchronous 2 is FULL


def connect(path: Path) -> sqlite3.Connection:
    """The read-write connection. Raises StoreCorrupt where the file is no database, or StoreError.

    The settings are asserted, not hoped for: with `synchronous=NORMAL` acknowledged commits are lost with the power.
    """
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
    try:
        connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        connection.execute(f"PRAGMA busy_timeout = {_BUSY_MILLISECONDS}")
        for name, value in _SETTINGS.items():
            connection.execute(f"PRAGMA {name} = {value}")
        for name, value in _SETTINGS.items():
            found = connection.execute(f"PRAGMA {name}").fetchone()[0]
            if found != value:
                raise StoreError(f"SQLite keeps {name} at {found}", where=str(path), expected=str(value))
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    return connection


def take_over(connection: sqlite3.Connection, path: Path) -> int:
    """Bring the schema up to this version and begin a new epoch; the epoch. Raises StoreNewer or StoreCorrupt."""
    try:
        found = connection.execute("PRAGMA user_version").fetchone()[0]
        check_version(found, path)
        for version, script in all_migrations():
            if version > found:
                connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {version};\nCOMMIT;")
        row = connection.execute(
            "INSERT INTO meta (key, value) VALUES ('epoch', 1)"
            " ON CONFLICT (key) DO UPDATE SET value = meta.value + 1 RETURNING value"
        ).fetchone()
    except sqlite3.Error as error:
        raise _unusable(path, error) from error
    return int(row[0])


def check_version(found: int, path: Path) -> None:
    """Raises StoreNewer where a later version of Platos wrote the file."""
    if found > VERSION:
        raise StoreNewer(
            f"the state file has version {found}, and this Platos knows up to {VERSION}",
            where=str(path),
            hint="run the newer Platos that wrote it, or point --workspace at another folder; nothing was changed",
        )


def read_only_uri(path: Path) -> str:
    """The URI that opens the file for reading alone."""
    return f"file:{quote(str(path.absolute()))}?mode=ro"


def connect_read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    return sqlite3.connect(read_only_uri(path), uri=True, isolation_level=None, check_same_thread=False)


def _unusable(path: Path, error: sqlite3.Error) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreCorrupt("the state file is damaged", where=str(path), hint="restore a backup; nothing was changed")
    return StoreError(f"the state file cannot be opened: {error}", where=str(path))
