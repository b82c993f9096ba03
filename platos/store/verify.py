"""Verification of the journal: every entry hashes to what its chain says, from the last verified mark on."""

from __future__ import annotations

import sqlite3

from platos.core.chain import GENESIS, link
from platos.errors import StoreCorrupt
from platos.store.sql import load

__all__ = ["verify_chain", "verify_new"]

SQL = load("journal")

_AT_ONCE = 10_000
_MARK = "SELECT value FROM meta WHERE key = 'verified'"
_SET_MARK = (
    "INSERT INTO meta (key, value) VALUES ('verified', :seq) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
)


def verify_new(connection: sqlite3.Connection) -> int:
    """Verify what came after the mark, and move the mark; how many entries that were. Raises StoreCorrupt."""
    row = connection.execute(_MARK).fetchone()
    mark, count = (row[0] if row else 0), 0
    ends: dict[int, tuple[int, bytes]] = {}
    while entries := connection.execute(SQL.since, {"seq": mark, "count": _AT_ONCE}).fetchall():
        for seq, chain, name, n, body, digest in entries:
            length, before = ends.get(chain) or _end_before(connection, chain, n)
            _check(name, n, body, digest, length, before)
            ends[chain], mark = (n, digest), seq
        count += len(entries)
    if count:
        connection.execute(_SET_MARK, {"seq": mark})
    return count


def verify_chain(name: str, entries: list[tuple[int, bytes, bytes]]) -> None:
    """Verify a whole chain, as (number, body, digest). Raises StoreCorrupt."""
    length, before = 0, GENESIS
    for n, body, digest in entries:
        _check(name, n, body, digest, length, before)
        length, before = n, digest


def _end_before(connection: sqlite3.Connection, chain: int, n: int) -> tuple[int, bytes]:
    row = connection.execute(SQL.entry_before, {"chain": chain, "n": n - 1}).fetchone()
    return (n - 1, row[0]) if row else (0, GENESIS)


def _check(name: str, n: int, body: object, digest: bytes, length: int, before: bytes) -> None:
    if n != length + 1 or not isinstance(body, bytes) or link(before, body) != digest:
        raise StoreCorrupt(
            f"entry {n} of the journal's chain {name} is not what was written",
            hint="restore a backup; nothing was changed",
        )
