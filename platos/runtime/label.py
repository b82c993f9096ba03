"""Labels: a person says of an item whether it is a signal. Nothing runs because of it; misses can be counted by it."""

from __future__ import annotations

from platos.core.event import ItemLabelled
from platos.core.item import StoredItem
from platos.runtime.host import Host
from platos.store import Tx, items, journal, labels
from platos.store.labels import Label

__all__ = ["label"]


async def label(host: Host, item: int, *, signal: bool, by: str, why: str = "") -> StoredItem:
    """Record what a person said of an item, in place of what was said before; the item. Raises NotFound."""
    stored = await items.find(host.store, item)
    await host.store.transact(_put, stored, Label(signal, by, host.now(), why))
    return stored


def _put(tx: Tx, stored: StoredItem, said: Label) -> None:
    labels.put(tx, stored.number, said)
    event = ItemLabelled(
        at=said.at, by=said.by, specialist=stored.specialist, item=stored.number, signal=said.signal, why=said.why
    )
    tx.record(journal.specialist_chain(stored.specialist), event)
