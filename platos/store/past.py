"""The past as the journal has it: a specialist's events and those of the processes around it, in one order."""

from __future__ import annotations

from platos.core.event import AnyEvent, DefinitionLoaded, decode_event
from platos.core.instant import Instant
from platos.store import journal
from platos.store.sql import load
from platos.store.store import ReadStore

__all__ = ["adoptions", "events_around", "forgotten", "latest_moment"]

SQL = load("past")


async def events_around(store: ReadStore, specialist: str) -> list[AnyEvent]:
    """The system's chain and the specialist's, verified, as it happened. Raises StoreCorrupt.

    In the order of the journal and not of their times: a clock that was set back shows a time twice.
    """
    told: list[tuple[int, AnyEvent]] = []
    for chain in (journal.SYSTEM, journal.specialist_chain(specialist)):
        events = await journal.events(store, chain)
        numbers = [row[0] for row in await store.all(SQL.numbers, name=chain)]
        told += zip(numbers, events, strict=False)  # what was appended between the two queries is not told yet
    return [event for _, event in sorted(told, key=lambda each: each[0])]


async def adoptions(store: ReadStore, specialist: str) -> list[DefinitionLoaded]:
    """The definitions that came into force one after the other, as far back as the journal reaches, verified. Raises
    StoreCorrupt."""
    told = await journal.events(store, journal.specialist_chain(specialist))
    return [event for event in told if isinstance(event, DefinitionLoaded)]


async def forgotten(store: ReadStore) -> Instant:
    """Before this moment, what became of slots may have been dropped."""
    row = await store.one(SQL.forgotten)
    return int(row[0]) if row else 0


async def latest_moment(store: ReadStore) -> Instant:
    """The latest time that the clock is known to have shown, whether or not it was right; 0 where nothing is known."""
    row = await store.one(SQL.latest)
    slots = await store.one(SQL.latest_slot)
    return max(decode_event(row[0]).at if row else 0, (slots and slots[0]) or 0)
