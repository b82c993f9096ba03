"""Memories: what a tier of a specialist's ladder keeps between two wake-ups, as its verdicts left it."""

from __future__ import annotations

from collections.abc import Mapping

from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["find", "keep", "keep_all", "under"]

SQL = load("memories")


def keep(tx: Tx, specialist: str, tier: str, key: str, value: bytes) -> None:
    """Keep a value in place of the one before it."""
    vouched = checksum(specialist, tier, key, value)
    tx.execute(SQL.keep, specialist=specialist, tier=tier, key=key, value=value, checksum=vouched)


def keep_all(tx: Tx, specialist: str, tier: str, values: Mapping[str, bytes]) -> None:
    """Keep what a tier wants to remember."""
    for key, value in values.items():
        keep(tx, specialist, tier, key, value)


async def under(store: ReadStore, key: str) -> dict[tuple[str, str], bytes]:
    """What tiers keep under one key, by specialist and tier."""
    return {(specialist, tier): value for specialist, tier, value in await store.all(SQL.under, key=key)}


async def find(store: ReadStore, specialist: str, tier: str, key: str) -> bytes | None:
    """The value under a key, or None."""
    row = await store.one(SQL.find, specialist=specialist, tier=tier, key=key)
    return row[0] if row else None
