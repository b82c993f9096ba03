"""Autopilots and decisions in the store: what the journal says of them, and what outlasts it."""

from __future__ import annotations

from pathlib import Path

import anyio
import pytest

from platos.core.event import ItemsTriaged
from platos.core.predicate import ANY, parse_predicate
from platos.errors import NotFound, StoreCorrupt
from platos.store import Store, Tx, autopilots, dropping
from platos.store.autopilots import AutopilotState
from platos.store.database import NAME
from platos.store.dropping import cut_chain
from platos.store.journal import specialist_chain
from platos.store.sound import verify_file

NOW = 1_790_000_000_000_000
CHAIN = specialist_chain("ana")
WHERE = parse_predicate(["to=*@x.org"])


async def sound(folder: Path) -> None:
    await anyio.to_thread.run_sync(verify_file, folder / NAME)


def turn_on(tx: Tx) -> int:
    row = autopilots.propose(tx, "ana", "mail", "c0", WHERE, "would have passed 63 of 63 approvals", NOW)
    return autopilots.promote(tx, row, row.back_test, "4f", "person:ana", NOW).number


def live_on(tx: Tx) -> None:
    """Entries that come later in the specialist's chain."""
    for number in range(80):
        tx.record(CHAIN, ItemsTriaged(at=NOW + number, specialist="ana", dismissed=(number,)))


def turn_off(tx: Tx, number: int) -> None:
    autopilots.demote(tx, autopilots.get(tx, number), "enough", "person:ana", NOW + 1)


async def test_what_is_proposed_stands_once_and_is_not_on(store: Store) -> None:
    for _ in range(2):
        row = await store.transact(autopilots.propose, "ana", "mail", "c0", ANY, "would have", NOW)
        assert (row.name, row.state) == ("a1", AutopilotState.PROPOSED)
    assert await store.transact(autopilots.covering, "ana", "mail", {}) == []


async def test_what_is_on_covers_what_it_says_and_nobody_elses_calls(store: Store) -> None:
    await store.transact(turn_on)
    [row] = await store.transact(autopilots.covering, "ana", "mail", {"to": "b@x.org"})
    assert (row.where, row.salt) == (WHERE, "4f")
    for whose, tool, to in (("ben", "mail", "b@x.org"), ("ana", "log", "b@x.org"), ("ana", "mail", "b@y.org")):
        assert await store.transact(autopilots.covering, whose, tool, {"to": to}) == []


async def test_what_is_off_covers_nothing_and_stays_to_be_read(store: Store, folder: Path) -> None:
    number = await store.transact(turn_on)
    await store.transact(turn_off, number)
    assert await store.transact(autopilots.covering, "ana", "mail", {"to": "b@x.org"}) == []
    [row] = await autopilots.of_tool(store, "ana", "mail")
    assert (row.state, row.ended, row.why) == (AutopilotState.OFF, NOW + 1, "enough")
    await sound(folder)


async def test_one_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="no autopilot a7"):
        await store.transact(autopilots.get, 7)


async def test_it_stays_on_when_retention_has_dropped_what_turned_it_on(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dropping, "AT_ONCE", 50)
    number = await store.transact(turn_on)
    await store.transact(live_on)
    assert await store.transact(cut_chain, CHAIN, NOW + 10**6, NOW + 10**6) == 50
    await sound(folder)
    assert len(await store.transact(autopilots.covering, "ana", "mail", {"to": "b@x.org"})) == 1
    await store.transact(turn_off, number)
    await sound(folder)


def switch_on(tx: Tx, number: int) -> None:
    """Its row alone, checksum and all."""
    autopilots._put(tx, autopilots.get(tx, number)._replace(state=AutopilotState.ON, ended=None, why=""))


async def test_an_autopilot_that_nobody_turned_on_is_found(store: Store, folder: Path) -> None:
    """Planted: a row is written past the journal, by somebody who knows of checksums."""
    number = await store.transact(turn_on)
    await store.transact(turn_off, number)
    await sound(folder)
    await store.transact(switch_on, number)
    with pytest.raises(StoreCorrupt, match="of autopilots is not what the journal says"):
        await sound(folder)
