"""The structure of the state file: its pages and indexes, its references, and its schema."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from platos.errors import StoreCorrupt
from platos.store.migrations import all_migrations

__all__ = ["verify_structure"]

_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"


def verify_structure(connection: sqlite3.Connection) -> None:
    """Every page is in its place, every index holds its rows, every reference leads somewhere. Raises StoreCorrupt."""
    if not connection.execute(_SCHEMA).fetchall() and connection.execute("PRAGMA user_version").fetchone()[0] == 0:
        return  # it was being made, and nothing is in it yet
    if connection.execute("PRAGMA user_version").fetchone()[0] != all_migrations()[-1][0]:
        raise StoreCorrupt("the version of the file is not what was written")
    if connection.execute(_SCHEMA).fetchall() != _expected():
        raise StoreCorrupt("the schema of the file is not what was written")
    found = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
    if found != "ok":
        raise StoreCorrupt(f"SQLite finds damage: {found}")
    if broken := connection.execute("PRAGMA foreign_key_check").fetchone():
        raise StoreCorrupt(f"a row of {broken[0]} refers to one of {broken[2]} that is not there")


@cache
def _expected() -> list[tuple[object, ...]]:
    """The schema as the migrations make it."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for _, script in all_migrations():
            connection.executescript(script)
        return connection.execute(_SCHEMA).fetchall()
