"""Pauses: who is held still, since when and by whom. One of everything has the empty name."""

from __future__ import annotations

from platos.core.event import Paused, Resumed, decode_event
from platos.core.instant import Instant
from platos.store import meta
from platos.store.journal import SYSTEM, specialist_chain
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx, projects

__all__ = ["EVERYTHING", "every", "holds", "pause", "resume"]

SQL = load("pauses")

EVERYTHING = ""
"""The name under which the whole workspace is paused."""


@projects(Paused)
def _paused(tx: Tx, seq: int, event: Paused) -> None:
    if event.specialist:
        tx.execute(SQL.set, name=event.specialist, event=seq)
    else:
        meta.put(tx, meta.PAUSED, seq)


@projects(Resumed)
def _resumed(tx: Tx, seq: int, event: Resumed) -> None:
    if event.specialist:
        tx.execute(SQL.clear, name=event.specialist)
    else:
        meta.remove(tx, meta.PAUSED)


def pause(tx: Tx, name: str, why: str, by: str, now: Instant) -> None:
    """Hold a specialist, or everything, still."""
    tx.record(_chain(name), Paused(at=now, by=by, specialist=name, why=why))


def resume(tx: Tx, name: str, by: str, now: Instant) -> None:
    """Let it go on."""
    tx.record(_chain(name), Resumed(at=now, by=by, specialist=name))


async def every(store: ReadStore) -> dict[str, Paused]:
    """What is paused now, by name."""
    found = {name: decode_event(body) for name, body in await store.all(SQL.every)}
    return {name: event for name, event in found.items() if isinstance(event, Paused)}


def holds(tx: Tx, name: str) -> Paused | None:
    """What holds a specialist still, inside a transaction: a pause of its own, or one of everything."""
    row = tx.one(SQL.holding, name=name)
    event = decode_event(row[0]) if row else None
    return event if isinstance(event, Paused) else None


def _chain(name: str) -> str:
    return specialist_chain(name) if name else SYSTEM
