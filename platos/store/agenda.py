"""The agenda: whatever waits, waits as a row with a due time."""

from __future__ import annotations

from platos.core.instant import Instant
from platos.store.sql import load
from platos.store.store import ReadStore

__all__ = ["next_due"]

SQL = load("agenda")


async def next_due(store: ReadStore, now: Instant) -> Instant | None:
    """When the next slot, retry or expiry after `now` comes; None where nothing waits for time."""
    row = await store.one(SQL.next_due, now=now)
    return row[0] if row else None
