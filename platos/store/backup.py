"""Backups: a consistent copy of a state file that others may be writing, verified before it has its name.

SQLite makes the copy itself (`VACUUM INTO`, in one read transaction): copied as a file it would nearly always be torn.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from platos.core.event import decode_event
from platos.core.instant import Instant
from platos.errors import NotFound, StoreError, StoreFull, UsageError
from platos.store import durable
from platos.store.database import NAME, connect_read_only, readable
from platos.store.sound import verify_file
from platos.store.sql import load

__all__ = ["Copy", "back_up", "copy_of", "copy_state", "making"]

SQL = load("backup")


class Copy(NamedTuple):
    """A copy of the state: where, how large in bytes, its runs, and the moment of its last event, if any."""

    path: Path
    size: int
    runs: int
    last: Instant | None


def back_up(folder: Path, path: Path, *, force: bool = False) -> Copy:
    """Back up a state folder, which may be in use, to a file; `force` replaces one that is there. Blocking.

    Raises NotFound, UsageError, StoreCorrupt where the state does not verify, or StoreError; then there is no new file.
    """
    source = folder / NAME
    if not source.exists():
        raise NotFound("there is nothing to back up: nothing has run here yet", where=str(folder), hint="platos up")
    _refuse_to_overwrite(path, force)
    with making(path) as made:
        copy_state(source, made)
        verify_file(made)
        _refuse_to_overwrite(path, force)
        durable.put_in_place(made, path)
    return copy_of(path)


def _refuse_to_overwrite(path: Path, force: bool) -> None:
    if path.is_dir() or not path.parent.is_dir():
        raise UsageError("no file can be written there", where=str(path), expected="a file in a folder that is there")
    if path.exists() and not force:
        raise UsageError("there is a file already", where=str(path), hint="choose another name, or say --force")


@contextmanager
def making(path: Path) -> Iterator[Path]:
    """An empty private file beside `path`, to fill and to put in its place; gone at the end if it was not."""
    made = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        made.unlink(missing_ok=True)
        os.close(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        yield made
    except OSError as error:
        raise StoreError(f"it cannot be written: {error.strerror}", where=str(path)) from error
    finally:
        made.unlink(missing_ok=True)


def copy_state(source: Path, made: Path) -> None:
    """Fill an empty file with all that is committed in a state file at one moment."""
    with readable(source), closing(connect_read_only(source)) as connection:
        try:
            connection.execute(SQL.copy, {"path": str(made)})
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_FULL:
                raise
            raise StoreFull("there is no room for a copy of the state", where=str(made.parent)) from error


def copy_of(path: Path) -> Copy:
    """What a copy holds."""
    with readable(path), closing(connect_read_only(path)) as connection:
        runs, last = connection.execute(SQL.summary).fetchone()
    return Copy(path, path.stat().st_size, runs, None if last is None else decode_event(last).at)
