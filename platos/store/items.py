"""Items: what sources yielded, once for each content. Of old ones only the key is left, which makes them known."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from platos.core.instant import Instant
from platos.core.item import Item, ItemState, StoredItem
from platos.errors import NotFound
from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx

__all__ = [
    "add",
    "any_listed",
    "counts",
    "every",
    "find",
    "in_state",
    "latest",
    "let_through",
    "lift",
    "move",
    "numbers_of_run",
    "of_run",
    "owing",
    "signals",
    "stored_item",
    "take",
    "unlabelled",
    "withdraw",
    "withdrawn",
]

SQL = load("items")

_AT_ONCE = 1_000

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Item).decode


def add(
    tx: Tx,
    specialist: str,
    source: str,
    item: Item,
    *,
    digest: str,
    seen: Instant,
    state: ItemState = ItemState.NEW,
) -> int | None:
    """Store an item, as new unless another state is said; its number, or None where this content was seen before.

    What was withdrawn and is there again is new again; where a run took it, that run has it.
    """
    row = tx.one(
        SQL.add,
        specialist=specialist,
        source=source,
        id=item.id,
        digest=digest,
        seen=seen,
        checksum=checksum(specialist, source, item.id, digest, seen),
        state=state,
        state_checksum=_place(state),
    )
    if row is None:
        return None
    number, run = row
    if run is not None:
        _vouch(tx, number, ItemState.SIGNAL, run)
        return None
    body = _encode(item)
    tx.execute(SQL.fill, number=number, body=body, checksum=checksum(number, body))
    return int(number)


def withdraw(tx: Tx, specialist: str, source: str, id: str, at: Instant) -> list[tuple[int, int | None]]:
    """The source has this no more: the number of each version that was not withdrawn yet, and the run that took it."""
    gone = tx.all(SQL.withdraw, specialist=specialist, source=source, id=id, at=at)
    for number, run, state in gone:
        _vouch(tx, number, state, run, at)
    return [(number, run) for number, run, _ in gone]


def move(tx: Tx, number: int, state: ItemState) -> bool:
    """Triage has spoken; False where it had before."""
    return tx.execute(SQL.move, number=number, state=state, checksum=_place(state)) == 1


def lift(tx: Tx, number: int) -> bool:
    """What triage dismissed is a signal after all, for an audit; False where it is no longer dismissed."""
    return tx.execute(SQL.lift, number=number, checksum=_place(ItemState.SIGNAL)) == 1


def take(tx: Tx, number: int, run: int) -> bool:
    """Bind a signal to the run that takes it; False where another run has."""
    return tx.execute(SQL.take, number=number, run=run, checksum=_place(ItemState.SIGNAL, run)) == 1


def signals(tx: Tx, specialist: str, count: int, *, together: bool) -> list[int]:
    """The numbers of signals that no run has taken yet, oldest first; with `together`, those that arrived as one."""
    rows = tx.all(SQL.signals, specialist=specialist, count=count)
    return [number for number, seen in rows if not together or seen == rows[0][1]]


async def in_state(
    store: ReadStore, specialist: str, state: ItemState, count: int, *, after: int = 0
) -> list[StoredItem]:
    """A specialist's open items in a state, oldest first, from `after` on: new, waiting, or signals of no run yet."""
    rows = await store.all(SQL.in_state, specialist=specialist, state=state, count=count, after=after)
    return [stored_item(row) for row in rows]


def numbers_of_run(tx: Tx, run: int) -> list[int]:
    """The numbers of the items that a run is about."""
    return [row[0] for row in tx.all(SQL.numbers_of_run, run=run)]


def any_listed(tx: Tx, run: int) -> bool:
    """Does its source still have any of the items that a run is about?"""
    return tx.one(SQL.listed, run=run) is not None


async def of_run(store: ReadStore, run: int) -> list[StoredItem]:
    """The items that a run is about."""
    return [stored_item(row) for row in await store.all(SQL.of_run, run=run)]


async def withdrawn(store: ReadStore, run: int) -> dict[int, Instant]:
    """Those of a run's items that their source has no more, and since when."""
    return {row[0]: row[1] for row in await store.all(SQL.withdrawn, run=run)}


async def latest(store: ReadStore, specialist: str, count: int, *, state: str = "") -> list[StoredItem]:
    """The last items of a specialist, oldest first; in any state, unless one is named."""
    rows = await store.all(SQL.latest, specialist=specialist, state=state, count=count)
    return [stored_item(row) for row in reversed(rows)]


async def let_through(store: ReadStore, specialist: str) -> list[StoredItem]:
    """The signals of a specialist that nobody has labelled and whose content is known, oldest first."""
    return [stored_item(row) for row in await store.all(SQL.let_through, specialist=specialist)]


async def unlabelled(store: ReadStore, specialist: str, count: int) -> list[StoredItem]:
    """The last items of a specialist that nobody has labelled and whose content is known, oldest first."""
    rows = await store.all(SQL.unlabelled, specialist=specialist, count=count)
    return [stored_item(row) for row in reversed(rows)]


async def every(store: ReadStore, specialist: str) -> AsyncIterator[StoredItem]:
    """All items of a specialist, in order of arrival; some at a time are in memory."""
    last = 0
    while rows := await store.all(SQL.from_number, specialist=specialist, after=last, count=_AT_ONCE):
        for row in rows:
            yield stored_item(row)
        last = rows[-1][0]


async def find(store: ReadStore, number: int) -> StoredItem:
    """One item. Raises NotFound."""
    row = await store.one(SQL.one, number=number)
    if row is None:
        raise NotFound(f"there is no item i{number}")
    return stored_item(row)


async def owing(store: ReadStore) -> list[str]:
    """Specialists with items that somebody still has to judge or to work on."""
    return [row[0] for row in await store.all(SQL.owing)]


async def counts(store: ReadStore, specialist: str) -> dict[str, int]:
    """How many items a specialist has in each state; signals that wait for a run are `queued`."""
    return dict(await store.all(SQL.counts, specialist=specialist))


def _vouch(tx: Tx, number: int, state: str, run: int | None, withdrawn: Instant | None = None) -> None:
    tx.execute(SQL.vouch, number=number, checksum=_place(state, run, withdrawn))


def _place(state: str, run: int | None = None, withdrawn: Instant | None = None) -> int:
    """The checksum of where an item is: it moves, and what came stays."""
    return checksum(state, run, withdrawn)


def stored_item(row: Row) -> StoredItem:
    """An item as its queries read it."""
    number, specialist, source, id, state, seen, run, body = row
    return StoredItem(
        number=number,
        specialist=specialist,
        source=source,
        item=_decode(body) if body else Item(id=id, text=""),
        state=ItemState(state),
        seen=seen,
        run=run,
    )
