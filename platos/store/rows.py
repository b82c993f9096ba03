"""Verification of what has no journal to be made again from: every row vouches for itself, or obeys a rule.

A row of a specialist is moved on by one guarded UPDATE at each quiet wake-up, and a checksum would need it to be read
before. What that statement changes obeys rules which no single flipped bit leaves whole: the wake-ups are the quiet and
the loud ones, and times are whole seconds (a power of two of microseconds is none).
"""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Connection
from typing import Any

import msgspec

from platos.core.digest import digest_bytes
from platos.core.instant import SECOND
from platos.core.item import Item
from platos.errors import StoreCorrupt
from platos.store.checksum import checksum
from platos.store.sql import load

__all__ = [
    "VOUCHED",
    "Slice",
    "verify_contents",
    "verify_counters",
    "verify_items",
    "verify_payloads",
    "verify_specialists",
    "vouched",
]

SQL = load("verify")

Row = tuple[Any, ...]
Slice = Callable[[Connection, int, int], int | None]
"""Verifies what comes after a place, so many rows of it; the next place, or None at the end. Raises StoreCorrupt."""

VOUCHED = {
    "accounts": SQL.accounts,
    "always": SQL.always,
    "answers": SQL.answers,
    "audits": SQL.audits,
    "autopilots": SQL.autopilots,
    "breakers": SQL.breakers,
    "cursors": SQL.cursors,
    "decisions": SQL.decisions,
    "labels": SQL.labels,
    "matters": SQL.matters,
    "memories": SQL.memories,
    "meta": SQL.meta,
    "notes": SQL.notes,
    "notices": SQL.notices,
    "occurrences": SQL.occurrences,
    "passages": SQL.passages,
    "runs": SQL.runs,
    "verdicts": SQL.verdicts,
}
"""How the tables are read whose last column is a checksum over the others."""

_LARGE = 50
"""A row with contents counts for so many others."""

_decode = msgspec.json.Decoder(Item).decode


def vouched(table: str) -> Slice:
    """Verifies the rows of one of these tables."""

    def verify(connection: Connection, after: int, count: int) -> int | None:
        rows = _some(connection, VOUCHED[table], after, count)
        for *columns, vouch in rows:
            _hold(checksum(*columns) == vouch, table, columns[0])
        return after + len(rows) if rows else None

    return verify


def verify_items(connection: Connection, after: int, count: int) -> int | None:
    """What came, and where it is."""
    rows = _some(connection, SQL.items, after, count)
    for number, *came, came_sum, state, run, withdrawn, state_sum in rows:
        _hold(checksum(*came) == came_sum and checksum(state, run, withdrawn) == state_sum, "items", number)
    return rows[-1][0] if rows else None


def verify_contents(connection: Connection, after: int, count: int) -> int | None:
    """What items say is what their digests were made of."""
    rows = _some(connection, SQL.contents, after, count // _LARGE + 1)
    for number, body, vouch, id, digest in rows:
        item = _decode(body)
        _hold(checksum(number, body) == vouch and (item.id, item.digest()) == (id, digest), "contents", number)
    return rows[-1][0] if rows else None


def verify_payloads(connection: Connection, after: int, count: int) -> int | None:
    """Every large content hashes to its name."""
    rows = _some(connection, SQL.payloads, after, count // _LARGE + 1)
    for digest, content in rows:
        _hold(isinstance(content, bytes) and digest_bytes(content) == digest, "payloads", digest)
    return after + len(rows) if rows else None


def verify_specialists(connection: Connection, after: int, count: int) -> int | None:
    """The rows of the sleeping specialists."""
    rows = _some(connection, SQL.specialists, after, count)
    for _, name, *made, due, last_slot, reached, wakes, quiet, loud, present, problem, vouch in rows:
        sound = checksum(name, *made, present, problem) == vouch and (due is None) == (present == 0)
        counts = all(type(count) is int and count >= 0 for count in (wakes, quiet, loud)) and wakes == quiet + loud
        _hold(sound and counts and all(map(_is_time, (due, last_slot, reached))), "specialists", name)
    return int(rows[-1][0]) if rows else None


def _is_time(moment: object) -> bool:
    return moment is None or (isinstance(moment, int) and moment > 0 and moment % SECOND == 0)


def verify_counters(connection: Connection, after: int, count: int) -> int | None:
    """No number of a kind is given twice: each counter has its mirror, and has counted what there is."""
    rows = _some(connection, SQL.counters, after, count)
    for name, last, mirror, largest in rows:
        _hold(type(last) is int and last == -mirror and last >= largest, "counters", name)
    return after + len(rows) if rows else None


def _some(connection: Connection, query: str, after: int, count: int) -> list[Row]:
    return connection.execute(query, {"after": after, "count": count}).fetchall()


def _hold(sound: bool, table: str, key: object) -> None:
    if not sound:
        raise StoreCorrupt(f"the row {key!s:.80} of {table} is not what was written")
