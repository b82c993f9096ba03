"""The index of words, as FTS5 keeps it: is it there to be used, and is it what was written?

FTS5 lays its index out as it likes, and not the same way twice; so the whole of it has one checksum, made again in
every transaction that writes to it. For ten thousand passages that reads a megabyte, and is done only where notes or
runs have changed.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any
from zlib import crc32

import msgspec

from platos.errors import StoreCorrupt, StoreError
from platos.store import meta
from platos.store.sql import load
from platos.store.tx import Tx

__all__ = ["has_full_text", "require_full_text", "verify_index", "vouch"]

SQL = load("word_index")

_encode = msgspec.msgpack.Encoder().encode


def has_full_text(connection: sqlite3.Connection) -> bool:
    """Was this SQLite built with FTS5?"""
    return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None


def require_full_text(connection: sqlite3.Connection) -> None:
    """Raises StoreError where this SQLite has no FTS5, before anything is made without it."""
    if not has_full_text(connection):
        raise StoreError(
            f"the SQLite {sqlite3.sqlite_version} of this Python was built without full-text search",
            expected="an SQLite with FTS5, by which facts are found",
            hint="use a Python whose SQLite has it: uv's, python.org's and those of the usual distributions do",
        )


def vouch(tx: Tx) -> None:
    """The index is what it is now. Called at the end of every transaction that writes to it."""
    tx.execute(SQL.write)
    meta.put(tx, meta.INDEX, _sum(row for row in tx.all(SQL.rows) if row[0]))


def verify_index(connection: sqlite3.Connection, after: int, count: int) -> int | None:
    """All of the index at once: in one query, so that it is of one moment. Raises StoreCorrupt."""
    rows = connection.execute(SQL.rows).fetchall()
    kept = [value for part, _, _, value in rows if part == 0]
    if kept and kept[0] != _sum(row for row in rows if row[0]):
        raise StoreCorrupt("the index of words is not what was written")
    return None


def _sum(rows: Iterable[tuple[Any, ...]]) -> int:
    found = 0
    for row in rows:
        found = crc32(_encode(row), found)
    return found
