"""Verification of the journal: every entry hashes to what its chain says.

A chain begins at its first entry, or where retention has cut it: its row keeps the number and the hash of the last
entry that is gone.
"""

from __future__ import annotations

from sqlite3 import Connection
from typing import Any, NamedTuple

from platos.core.chain import GENESIS, link
from platos.errors import StoreCorrupt
from platos.store import meta
from platos.store.sql import load
from platos.store.tx import Tx

__all__ = ["AT_ONCE", "START", "Base", "base_of", "verify_chain", "verify_entries", "verify_new"]

SQL = load("journal")

AT_ONCE = 10_000
"""Entries that are verified between two looks at anything else."""


class Base(NamedTuple):
    """Where a chain begins: how many of its entries are gone, and the hash of the last of them."""

    cut: int
    hash: bytes


START = Base(0, GENESIS)


def base_of(rows: list[tuple[Any, ...]]) -> Base:
    """The base of the chain that these are entries of, which each row ends with."""
    return Base(*rows[0][-2:]) if rows and rows[0][-1] is not None else START


def verify_new(tx: Tx) -> int:
    """Verify what came after the mark, and move the mark; how many entries that were. Raises StoreCorrupt."""
    mark, total = meta.get(tx, meta.VERIFIED), 0
    while rows := tx.all(SQL.since, seq=mark, count=AT_ONCE):
        mark = _verify(rows)
        total += len(rows)
    if total:
        meta.put(tx, meta.VERIFIED, mark)
    return total


def verify_entries(connection: Connection, after: int, count: int) -> int | None:
    """Verify the entries after a number of the journal, so many of them; the last, or None where there is none.

    Raises StoreCorrupt.
    """
    rows = connection.execute(SQL.since, {"seq": after, "count": count}).fetchall()
    return _verify(rows) if rows else None


def verify_chain(name: str, entries: list[tuple[int, bytes, bytes]], base: Base = START) -> None:
    """Verify a whole chain, as (number, body, hash). Raises StoreCorrupt."""
    length, before = base
    for n, body, digest in entries:
        _check(name, n, body, digest, length, before)
        length, before = n, digest


def _verify(rows: list[tuple[Any, ...]]) -> int:
    """Each entry beside the one before it in its chain; the number of the last."""
    for _, name, n, body, digest, before, cut, base in rows:
        if before is None:
            _check(name, n, body, digest, cut, GENESIS if base is None else base)
        else:
            _check(name, n, body, digest, n - 1, before)
    return int(rows[-1][0])


def _check(name: str, n: int, body: object, digest: bytes, length: int, before: bytes) -> None:
    if n != length + 1 or not isinstance(body, bytes) or link(before, body) != digest:
        raise StoreCorrupt(f"entry {n} of the journal's chain {name} is not what was written")
