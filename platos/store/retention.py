"""Retention: what is old and belongs to nothing that is open is dropped, once a day, a little in each transaction.

It may be broken off anywhere: what was dropped is gone, the rest is found again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, TypeVarTuple

from platos.core.event import HistoryDropped
from platos.core.instant import DAY, Instant
from platos.store import meta
from platos.store.dropping import cut_chain, drop_run
from platos.store.journal import SYSTEM
from platos.store.leftovers import drop_answers, drop_occurrences, drop_payload, empty_items, unreferred
from platos.store.sql import load
from platos.store.store import ReadStore, Store
from platos.store.tx import Tx

__all__ = ["Dropped", "house_due", "keep_house"]

SQL = load("retention")

Ts = TypeVarTuple("Ts")

_AT_ONCE = 200
"""Rows that one transaction drops."""

_STRIDE = 30 * DAY


class Dropped(NamedTuple):
    """How much was dropped: runs, entries of the journal, contents of items, and rows of the rest."""

    runs: int
    entries: int
    items: int
    occurrences: int
    answers: int
    payloads: int


async def house_due(store: ReadStore, now: Instant) -> Instant:
    """When `keep_house` is to be called next: a day after the last time; at once where it never was, or where the
    clock was set back since."""
    [(_, due)] = await store.all(SQL.house)
    return int(due) if now >= due - DAY else now


async def keep_house(store: Store, *, days: int, now: Instant) -> Dropped:
    """Drop what has been over for more than so many days, 0 for nothing ever; how much that was.

    A clock that was set forward by a year must not cost a year's history: the moment from which the days are counted
    moves on by no more than some of them at a time. Raises what transactions raise, and then has done a part.
    """
    [(kept, _)] = await store.all(SQL.house)
    believed = min(now, kept + _STRIDE) if kept else now
    before = believed - days * DAY
    dropped = Dropped(0, 0, 0, 0, 0, 0)
    if days and await store.transact(_begin, before):
        dropped = await _drop(store, before, now)
    await store.transact(_told, dropped, before, believed, now)
    return dropped


async def _drop(store: Store, before: Instant, now: Instant) -> Dropped:
    runs, entries = await _drop_runs(store, before)
    for (name,) in await store.all(SQL.lasting, system=SYSTEM):
        entries += await _all_of(store, cut_chain, name, before, now)
    items = await _empty_items(store, before)
    occurrences = 0
    for (name,) in await store.all(SQL.with_old_occurrences, before=before):
        occurrences += await _all_of(store, drop_occurrences, name, before, _AT_ONCE)
    answers = await _all_of(store, drop_answers, before, _AT_ONCE)
    return Dropped(runs, entries, items, occurrences, answers, await _drop_payloads(store))


async def _all_of(store: Store, drop: Callable[[Tx, *Ts], int], *arguments: *Ts) -> int:
    """Drop a little again and again, until nothing is left; how much that was."""
    total = 0
    while count := await store.transact(drop, *arguments):
        total += count
    return total


async def _drop_runs(store: Store, before: Instant) -> tuple[int, int]:
    runs = entries = last = 0
    while found := await store.all(SQL.ended, before=before, after=last, count=_AT_ONCE):
        for (run,) in found:
            dropped = await _all_of(store, drop_run, run, before)
            runs, entries = runs + (dropped > 0), entries + dropped
        last = found[-1][0]
    return runs, entries


async def _empty_items(store: Store, before: Instant) -> int:
    items = last = 0
    while found := await store.all(SQL.old_items, before=before, after=last, count=_AT_ONCE):
        numbers = [number for (number,) in found]
        items += await store.transact(empty_items, numbers, before)
        last = numbers[-1]
    return items


async def _drop_payloads(store: Store) -> int:
    unused, last = await unreferred(store)
    return sum([await store.transact(drop_payload, digest, last) for digest in unused])


def _begin(tx: Tx, before: Instant) -> bool:
    """Is anything to be dropped this time? Not while the clock that counts the days may jump back.

    From where on it may be gone is noted before.
    """
    unsettled = meta.get(tx, meta.UNSETTLED)
    if unsettled:
        meta.put(tx, meta.UNSETTLED, unsettled - 1)
        return False
    meta.put(tx, meta.FORGOTTEN, max(before, meta.get(tx, meta.FORGOTTEN)))
    return True


def _told(tx: Tx, dropped: Dropped, before: Instant, believed: Instant, now: Instant) -> None:
    if any(dropped):
        tx.record(SYSTEM, HistoryDropped(at=now, before=before, **dropped._asdict()))
    meta.put(tx, meta.KEPT, believed)
    meta.put(tx, meta.HOUSE, now + DAY)
