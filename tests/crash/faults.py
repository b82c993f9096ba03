"""A disk that refuses calls, from one of them on; and what the store's callers were told meanwhile."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

import apsw

from platos.errors import StoreError, StoreUnknown
from platos.store import Tx
from tests.crash.connection import Connection, Rows, Values
from tests.crash.vfs import Call
from tests.crash.workload import Refused

__all__ = ["CODES", "Deaf", "FailingDisk", "Fault", "Kind", "wrongs"]

CODES = {
    "open": apsw.SQLITE_CANTOPEN,
    "create": apsw.SQLITE_CANTOPEN,
    "read": apsw.SQLITE_IOERR_READ,
    "write": apsw.SQLITE_IOERR_WRITE,
    "truncate": apsw.SQLITE_IOERR_TRUNCATE,
    "sync": apsw.SQLITE_IOERR_FSYNC,
    "delete": apsw.SQLITE_IOERR_DELETE,
    "size": apsw.SQLITE_IOERR_FSTAT,
}
"""What SQLite hears where the kernel answers a call with EIO, or with no file at all."""

_ENTRIES = "SELECT count(*) FROM journal WHERE instr(CAST(body AS TEXT), :name)"
_RUNS = "SELECT count(*) FROM runs r JOIN payloads p ON p.digest = r.definition WHERE specialist = :name"
_ACCOUNTS = "SELECT count(*) FROM accounts WHERE name = 'specialist/' || :name"
_ABSENT, _WHOLE = (0, 0, 0), (4, 1, 1)


class Kind(StrEnum):
    """What the disk does from a call on: refuse that one, refuse all, or have no room for what is written."""

    ONCE = "once"
    DEAD = "dead"
    FULL = "full"


class Fault(NamedTuple):
    """Where a disk fails: at which call that can fail so, counted from 1."""

    kind: Kind
    at: int


class FailingDisk:
    """Fails as it is told while it is armed."""

    def __init__(self, fault: Fault) -> None:
        self._fault = fault
        self.calls = 0
        self.armed = False
        self.refused = 0

    def before(self, call: Call) -> None:
        if not self.armed or (self._fault.kind is Kind.FULL and call.kind != "write"):
            return
        self.calls += 1
        if self.calls == self._fault.at or (self.calls > self._fault.at and self._fault.kind is not Kind.ONCE):
            self.refused += 1
            raise apsw.exception_for(apsw.SQLITE_FULL if self._fault.kind is Kind.FULL else CODES[call.kind])


class Deaf(Connection):
    """Planted: a connection that does not hear what the disk says to a COMMIT."""

    def execute(self, sql: str, values: Values = ()) -> Rows:
        try:
            return super().execute(sql, values)
        except sqlite3.OperationalError:
            if sql != "COMMIT":
                raise
            return super().execute("SELECT 1")


def wrongs(tx: Tx, answers: Mapping[str, object]) -> list[str]:
    """Where the file and an answer differ: the answered is there, the failed is not, the unknown is whole or absent."""
    found = {name: tuple(_count(tx, sql, name) for sql in (_ENTRIES, _RUNS, _ACCOUNTS)) for name in answers}
    return [
        f"{name}: {answers[name]!r}, and {found[name]}" for name in answers if found[name] not in _may(answers[name])
    ]


def _count(tx: Tx, sql: str, name: str) -> int:
    row = tx.one(sql, name=name)
    assert row is not None
    return int(row[0])


def _may(answer: object) -> set[tuple[int, ...]]:
    if isinstance(answer, StoreUnknown):
        return {_ABSENT, _WHOLE}
    if isinstance(answer, StoreError | Refused):
        return {_ABSENT}
    return set() if isinstance(answer, Exception) else {_WHOLE}
