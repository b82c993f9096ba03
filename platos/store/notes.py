"""Notes: which files facts are found in, and how each was when it was read last."""

from __future__ import annotations

from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["drop", "empty", "put", "stamps"]

SQL = load("notes")


async def stamps(store: ReadStore) -> dict[str, str]:
    """The notes that are known, by their paths under `notes/`, with the stamp that each had."""
    return dict(await store.all(SQL.stamps))


def put(tx: Tx, path: str, stamp: str) -> None:
    """A note was read."""
    tx.execute(SQL.put, path=path, stamp=stamp, checksum=checksum(path, stamp))


def drop(tx: Tx, path: str) -> None:
    """A note is gone."""
    tx.execute(SQL.drop, path=path)


def empty(tx: Tx) -> None:
    """No note is known: each is read again."""
    tx.execute(SQL.empty)
