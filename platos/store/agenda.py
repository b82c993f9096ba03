"""The agenda: whatever waits, waits as a row with a due time."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.instant import Instant
from platos.store.sql import load
from platos.store.store import ReadStore

__all__ = ["Agenda", "look"]

SQL = load("agenda")


class Agenda(NamedTuple):
    """Whether any slot, any retry of a run, any expiry of a gate, the end of any run's worth or anything to tell people
    has come; and when the next one comes, if any."""

    slots: bool
    retries: bool
    expiries: bool
    overdue: bool
    notices: bool
    next: Instant | None


async def look(store: ReadStore, now: Instant) -> Agenda:
    """The agenda at a moment, in one query: it is asked at every wake-up, and nearly always has one thing on it."""
    row = await store.one(SQL.look, now=now)
    assert row is not None
    slots, retries, expiries, overdue, notices, upcoming = row
    return Agenda(bool(slots), bool(retries), bool(expiries), bool(overdue), bool(notices), upcoming)
