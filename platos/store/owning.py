"""The state file as its owner has it: private, opened with the settings that durability needs, brought up to this
version."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from platos.errors import StoreCorrupt, StoreError
from platos.store import meta
from platos.store.damage import quarantine, refuse_damaged
from platos.store.database import check_version, connect_read_only, readable
from platos.store.migrations import all_migrations
from platos.store.tables import transaction
from platos.store.verify import verify_new
from platos.store.word_index import require_full_text, vouch

__all__ = ["connect", "take_over"]

_BUSY_SECONDS = 1.0
_SETTINGS: tuple[tuple[str, str, str | int], ...] = (
    ("PRAGMA journal_mode = WAL", "PRAGMA journal_mode", "wal"),
    ("PRAGMA synchronous = FULL", "PRAGMA synchronous", 2),
    ("PRAGMA foreign_keys = ON", "PRAGMA foreign_keys", 1),
)
"""Each setting: the statement that makes it, the one that asks for it, and the answer that is expected."""


def connect(path: Path) -> sqlite3.Connection:
    """The read-write connection. Raises StoreNewer, StoreCorrupt where the file is damaged, or StoreError.

    The settings are asserted, not hoped for: with `synchronous=NORMAL` acknowledged commits are lost with the power.
    """
    refuse_damaged(path.parent)
    with _quarantining(path), readable(path):
        if not path.exists():
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o600))
        path.chmod(0o600)
        check_version(_found_version(path), path)
        connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        _make_durable(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _make_durable(connection: sqlite3.Connection, path: Path) -> None:
    with readable(path):
        for statement, _, _ in _SETTINGS:
            connection.execute(statement)
        for _, question, expected in _SETTINGS:
            found = connection.execute(question).fetchone()[0]
            if found != expected:
                raise StoreError(f"SQLite answers {found} to {question}", where=str(path), expected=str(expected))


def take_over(connection: sqlite3.Connection, path: Path) -> int:
    """Bring the schema up to this version, verify the journal, begin a new epoch; the epoch. Raises StoreCorrupt, or
    StoreError where this SQLite cannot search in texts."""
    with _quarantining(path), readable(path):
        found = _version(connection)
        check_version(found, path)
        require_full_text(connection)
        for version, script in all_migrations():
            if version > found:
                connection.executescript(f"BEGIN IMMEDIATE;\n{script}\nPRAGMA user_version = {version};\nCOMMIT;")
        return _next_epoch(connection)


def _next_epoch(connection: sqlite3.Connection) -> int:
    """Verify what is new in the journal; the epoch that begins now."""
    tx = transaction(connection)
    connection.execute("BEGIN IMMEDIATE")
    try:
        verify_new(tx)
        if not meta.get(tx, meta.INDEX):
            vouch(tx)
        epoch = meta.get(tx, meta.EPOCH) + 1
        meta.put(tx, meta.EPOCH, epoch)
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
    return epoch


def _found_version(path: Path) -> int:
    """The version that wrote a file, which stays as it is; 0 where a loss of power left a change to be undone first."""
    with closing(connect_read_only(path)) as reader:
        try:
            return _version(reader)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
                raise
            return 0


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def _quarantining(path: Path) -> Iterator[None]:
    """Whatever damage is found here is the last that is done to the file."""
    try:
        yield
    except StoreCorrupt as error:
        quarantine(path.parent, error)
        raise
