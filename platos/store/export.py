"""Export: the journal and the primary rows as lines of JSON, as they are at one moment, for whoever comes after us."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from sqlite3 import Connection
from typing import Any

import msgspec

from platos.errors import NotFound
from platos.store.database import NAME, check_version, connect_read_only, readable
from platos.store.sql import load

__all__ = ["export_lines"]

SQL = load("export")

_KINDS = {
    "chain": SQL.chains,
    "entry": SQL.entries,
    "item": SQL.items,
    "verdict": SQL.verdicts,
    "label": SQL.labels,
    "audit": SQL.audits,
    "decision": SQL.decisions,
    "occurrence": SQL.occurrences,
    "cursor": SQL.cursors,
}
"""What is exported, in this order, and how it is read: a row's columns are the names in its line."""

_HEX = {"hash", "base"}
_JSON = {"event", "content", "arguments", "predicate"}
"""Columns of bytes that are written as hexadecimal digits, and those that hold JSON: they are written as they stand."""

_encode = msgspec.json.Encoder().encode


def export_lines(folder: Path) -> Iterator[tuple[int, bytes]]:
    """Every line, and before each how many there are in all. Blocking.

    Raises NotFound where nothing has run yet, StoreNewer or StoreCorrupt.
    """
    path = folder / NAME
    if not path.exists():
        raise NotFound("nothing has run here yet", where=str(folder), hint="platos up, or platos wake NAME")
    with readable(path), closing(connect_read_only(path)) as connection:
        check_version(connection.execute("PRAGMA user_version").fetchone()[0], path)
        connection.execute("BEGIN")
        total = connection.execute(SQL.total).fetchone()[0]
        for kind, query in _KINDS.items():
            for line in _lines(connection, kind, query):
                yield total, line


def _lines(connection: Connection, kind: str, query: str) -> Iterator[bytes]:
    rows = connection.execute(query)
    names = [column[0] for column in rows.description]
    for row in rows:
        yield _encode({"kind": kind, **{name: _written(name, value) for name, value in zip(names, row, strict=True)}})


def _written(name: str, value: Any) -> Any:
    if value is None:
        return None
    return value.hex() if name in _HEX else msgspec.Raw(value) if name in _JSON else value
