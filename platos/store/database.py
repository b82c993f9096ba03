"""The state file: its name, the version of its schema, and how whoever does not own it reads it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from platos.errors import NotFound, StoreCorrupt, StoreError, StoreNewer
from platos.store.migrations import newest

__all__ = [
    "NAME",
    "VERSION",
    "check_version",
    "connect_read_only",
    "file_in",
    "readable",
    "unusable",
]

NAME = "platos.db"
VERSION = newest()


def file_in(folder: Path) -> Path:
    """The state file of a state folder. Blocking. Raises NotFound where there is none yet."""
    path = folder / NAME
    if not path.exists():
        raise NotFound("nothing has run here yet", where=str(folder), hint="platos up, or platos wake NAME")
    return path


def check_version(found: int, path: Path) -> None:
    """Raises StoreNewer where a later version of Platos wrote the file."""
    if found > VERSION:
        raise StoreNewer(
            f"the state file has version {found}, and this Platos knows up to {VERSION}",
            where=str(path),
            hint="run the newer Platos that wrote it, or point --workspace at another folder; nothing was changed",
        )


def connect_read_only(path: Path) -> sqlite3.Connection:
    """A connection that cannot write."""
    uri = f"file:{quote(str(path.absolute()))}?mode=ro"
    return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """What SQLite or the kernel says of a file that cannot be used, in our words: StoreCorrupt, or StoreError."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise unusable(path, error) from error


def unusable(path: Path, error: sqlite3.Error | OSError) -> StoreError:
    """What SQLite or the kernel says of a file, in our words: StoreCorrupt, or StoreError."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreCorrupt(f"the state file is damaged: {error}", where=str(path))
    return StoreError(f"the state file cannot be used: {error}", where=str(path))
