"""What the state file knows of itself: its owner's epoch, how far its journal is verified, whether it is paused."""

from __future__ import annotations

from platos.errors import StoreCorrupt
from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.tx import Tx

__all__ = [
    "AUDITED",
    "EPOCH",
    "FORGOTTEN",
    "HOUSE",
    "INDEX",
    "KEPT",
    "PAUSED",
    "TOLD",
    "UNSETTLED",
    "VERIFIED",
    "WORDS",
    "get",
    "put",
    "remove",
]

SQL = load("meta")

AUDITED = "audited"
"""Up to this moment, what was judged has had its chance to be drawn for an audit."""

EPOCH = "epoch"
VERIFIED = "verified"
PAUSED = "paused"
KEPT = "kept"
HOUSE = "house"
UNSETTLED = "unsettled"
"""How often the house is kept without dropping anything: the clock has jumped, and may jump back."""

FORGOTTEN = "forgotten"
"""Before this moment, what became of slots may have been dropped."""

INDEX = "index"
"""The checksum of the index of words."""

TOLD = "told"
"""Up to this entry of the system's chain, what runs came to is among the passages."""

WORDS = "words"
"""How the words of the index were made."""


def get(tx: Tx, key: str) -> int:
    """The number under a key, 0 where there is none yet. Raises StoreCorrupt."""
    row = tx.one(SQL.get, key=key)
    if row is None:
        return 0
    value: int = row[0]
    if row[1] != checksum(key, value):
        raise StoreCorrupt(f"the number {key!r} that the file keeps of itself is not what was written")
    return value


def put(tx: Tx, key: str, value: int) -> None:
    """Keep a number in place of the one before it."""
    tx.execute(SQL.put, key=key, value=value, checksum=checksum(key, value))


def remove(tx: Tx, key: str) -> None:
    """Keep it no longer."""
    tx.execute(SQL.remove, key=key)
