"""Is the state sound? Everything is verified at once, or, while others work on it, a little at a time."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import msgspec

from platos.errors import StoreCorrupt, StoreError
from platos.store.damage import lift, quarantine
from platos.store.database import NAME, connect_read_only
from platos.store.rebuild import verify_projections
from platos.store.rows import (
    VOUCHED,
    Slice,
    verify_contents,
    verify_counters,
    verify_items,
    verify_payloads,
    verify_specialists,
    vouched,
)
from platos.store.seals import verify_seals
from platos.store.structure import verify_structure
from platos.store.verify import AT_ONCE, verify_entries
from platos.store.word_index import verify_index

__all__ = ["FIRST", "Place", "examine", "verify_all", "verify_file", "verify_some"]

_SLICES: tuple[Slice, ...] = (
    verify_entries,
    verify_payloads,
    verify_items,
    verify_contents,
    verify_specialists,
    verify_counters,
    verify_index,
    *(vouched(table) for table in VOUCHED),
)
_UNREADABLE = (sqlite3.Error, msgspec.MsgspecError, ValueError, TypeError, OverflowError)
"""What reading damaged rows comes to, other than StoreCorrupt."""

_NO_DAMAGE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_INTERRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PERM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}
"""What SQLite says of the machine, and not of what is in the file."""


class Place(NamedTuple):
    """How far a round of verification is: which kind of rows, and after which of them."""

    kind: int
    after: int


FIRST = Place(0, 0)


def verify_all(connection: sqlite3.Connection) -> None:
    """Verify everything that the file holds, as it is at one moment. Raises StoreCorrupt."""
    with _readable(), _one_moment(connection):
        verify_structure(connection)
        for verify in _SLICES:
            after: int | None = 0
            while after is not None:
                after = verify(connection, after, AT_ONCE)
        verify_seals(connection)
        verify_projections(connection)


def verify_some(folder: Path, place: Place, count: int) -> Place:
    """Verify so many rows from a place on, and where they are damaged begin the quarantine; where to go on. Blocking.

    After the last place comes the first. Raises StoreCorrupt, saying what was found.
    """
    with _quarantining(folder), _readable(), closing(connect_read_only(folder / NAME)) as connection:
        after = _SLICES[place.kind](connection, place.after, count)
    return Place((place.kind + 1) % len(_SLICES), 0) if after is None else Place(place.kind, after)


def verify_file(path: Path) -> None:
    """Verify everything that a state file holds; it is only read. Blocking. Raises StoreCorrupt."""
    with _readable(), closing(connect_read_only(path)) as connection:
        verify_all(connection)


def examine(folder: Path) -> bool:
    """Verify everything in a state folder, and begin its quarantine, or end it; whether it ended. Blocking.

    Raises StoreCorrupt, saying what was found.
    """
    with _quarantining(folder):
        verify_file(folder / NAME)
    return lift(folder)


@contextmanager
def _quarantining(folder: Path) -> Iterator[None]:
    try:
        yield
    except StoreCorrupt as error:
        quarantine(folder, error)
        raise


@contextmanager
def _one_moment(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN")
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF in _NO_DAMAGE:
            raise StoreError(f"the state cannot be verified now: {error}", hint="make room, and try again") from error
        raise StoreCorrupt(f"the state cannot be read: {error}") from error
