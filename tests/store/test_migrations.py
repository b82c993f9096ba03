"""Migrations, replayed from nothing, give the schema: a new file and an old one are the same."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

from platos.store.database import VERSION
from platos.store.migrations import all_migrations
from platos.store.sql import script


def shape_after(*scripts: str) -> set[tuple[str, str, str]]:
    """Every table, index, view and trigger that the scripts make, its statement in one spelling."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for each in scripts:
            connection.executescript(each)
        made = connection.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    return {(kind, name, _spelled(sql)) for kind, name, sql in made}


def _spelled(sql: str) -> str:
    return re.sub(r"\s*([(),])\s*|\s+", lambda found: found[1] or " ", re.sub(r"--[^\n]*", "", sql)).lower()


def replayed() -> set[tuple[str, str, str]]:
    return shape_after(*(script for _, script in all_migrations()))


def test_replayed_migrations_equal_the_schema() -> None:
    assert replayed() == shape_after(script("schema.sqlite.sql"))


def test_a_column_that_no_migration_makes_is_noticed() -> None:
    """Planted: somebody edits the schema alone."""
    edited = re.sub(r"( opened +INTEGER NOT NULL),", r"\1, colour TEXT,", script("schema.sqlite.sql"))
    assert "colour" in edited
    assert replayed() != shape_after(edited)


def test_migrations_are_numbered_without_a_gap() -> None:
    versions = [version for version, _ in all_migrations()]
    assert versions == list(range(1, VERSION + 1))
