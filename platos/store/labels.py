"""Labels: what people said of items, signal or noise. The last word counts; the journal keeps those before it."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.instant import Instant
from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["Label", "of_specialist", "put"]

SQL = load("labels")


class Label(NamedTuple):
    """Whether an item is a signal, as a person said, and why."""

    signal: bool
    by: str
    at: Instant
    why: str


def put(tx: Tx, item: int, label: Label) -> None:
    """Label an item, in place of the label that it had."""
    signal, by, at, why = int(label.signal), label.by, label.at, label.why
    vouched = checksum(item, signal, by, at, why)
    tx.execute(SQL.put, item=item, signal=signal, by=by, at=at, why=why, checksum=vouched)


async def of_specialist(store: ReadStore, specialist: str) -> dict[int, Label]:
    """The labels of a specialist's items, by the items' numbers."""
    rows = await store.all(SQL.of_specialist, specialist=specialist)
    return {item: Label(bool(signal), by, at, why) for item, signal, by, at, why in rows}
