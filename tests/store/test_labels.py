"""Labels: what a person says of an item."""

from __future__ import annotations

import sqlite3

import pytest

from platos.core.digest import canonical
from platos.core.item import Item
from platos.store import Store, Tx, items, journal, labels, specialists
from platos.store.labels import Label

from .conftest import NOW

SIGNAL = Label(True, "person:ana", NOW, "we run it")
NOISE = Label(False, "person:ben", NOW + 1, "")


def add_item(tx: Tx, specialist: str) -> int:
    specialists.put(tx, specialist, journal.put_payload(tx, canonical(specialist)), None)
    number = items.add(tx, specialist, "s", Item(id="x", text="x"), digest="d", seen=NOW)
    assert number is not None
    return number


async def test_a_label_is_kept_with_who_when_and_why(store: Store) -> None:
    number = await store.transact(add_item, "ana")
    await store.transact(labels.put, "ana", number, SIGNAL)
    assert await labels.of_specialist(store, "ana") == {number: SIGNAL}


async def test_the_last_label_of_an_item_counts(store: Store) -> None:
    number = await store.transact(add_item, "ana")
    for label in (SIGNAL, NOISE):
        await store.transact(labels.put, "ana", number, label)
    assert await labels.of_specialist(store, "ana") == {number: NOISE}


async def test_labels_of_another_specialists_items_are_not_listed(store: Store) -> None:
    await store.transact(labels.put, "ana", await store.transact(add_item, "ana"), SIGNAL)
    assert await labels.of_specialist(store, "ben") == {}


async def test_what_is_no_item_cannot_be_labelled(store: Store) -> None:
    with pytest.raises(sqlite3.IntegrityError):
        await store.transact(labels.put, "ana", 7, SIGNAL)
