"""Retention: what is over is dropped after some time, and what is open never is. What is left verifies."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio.to_thread
import pytest

from platos.core.event import DefinitionLoaded, HistoryDropped, RunMoved, RunOpened
from platos.core.instant import DAY, HOUR, iso
from platos.core.item import Item, ItemState
from platos.core.state import State
from platos.errors import BudgetExceeded, InvalidTransition
from platos.store import (
    Store,
    Tx,
    accounts,
    dropping,
    items,
    journal,
    labels,
    meta,
    open_store,
    pauses,
    runs,
    specialists,
)
from platos.store.labels import Label
from platos.store.leftovers import drop_payload, unreferred
from platos.store.retention import house_due, keep_house
from platos.store.sound import verify_file

from .years import CHAIN, CHARGE, ITEMS, NAME, a_day, at, begin, end, pay

KEPT = 14
"""Days."""

BYTES_A_LINE = 400
"""What is left of an item, of a run and of a day's account: a row each, and what finds it."""

OPEN = 3
"""The day whose run never ends."""

Keep = Callable[[int], object]


@pytest.fixture
async def store(folder: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store]:
    """A store of its own kind: chains are cut where they have fifty old entries, for these years are small."""
    monkeypatch.setattr(dropping, "AT_ONCE", 50)
    async with open_store(folder, command="test", now=at(0)) as opened:
        await opened.transact(begin)
        yield opened


async def live(store: Store, first: int, last: int, *, keep: int = 1) -> None:
    """Days from one to another; the house is kept every so many."""
    for day in range(first, last, keep):
        await store.transact(some_days, day, min(last, day + keep))
        await keep_house(store, days=KEPT, now=at(day) + HOUR)


def some_days(tx: Tx, first: int, last: int) -> None:
    for day in range(first, last):
        a_day(tx, day, ends=day != OPEN)


async def sound(folder: Path) -> None:
    await anyio.to_thread.run_sync(verify_file, folder / "platos.db")


async def count(store: Store, query: str) -> int:
    [(found,)] = await store.all(query)
    return int(found)


async def pages(store: Store) -> int:
    return await count(store, "PRAGMA page_count")


async def test_two_years_stay_flat(store: Store, folder: Path) -> None:
    """But for a line for each item, run and account, which stays."""
    await live(store, 0, 2 * KEPT)
    settled, began = await pages(store), 2 * KEPT
    for year in (1, 2):
        await live(store, began, 365 * year, keep=5)
        began = 365 * year
        await sound(folder)
    lines = (began - 2 * KEPT) * (ITEMS + 1 + 3)
    assert await pages(store) < 1.1 * settled + lines * BYTES_A_LINE / 4096
    assert await count(store, "SELECT count(*) FROM journal") < 3 * KEPT * 20


async def test_counts_and_sums_stay_right(store: Store) -> None:
    await live(store, 0, 3 * KEPT)
    assert (await runs.counts(store))[NAME] == {"success": 3 * KEPT - 1, "running": 1}
    assert await items.counts(store, NAME) == {"dismissed": 3 * KEPT * (ITEMS - 1), "signal": 3 * KEPT}
    spent = sum(account.spent for account in await accounts.every(store) if account.name.startswith("all/"))
    assert spent == 3 * KEPT * 2 * CHARGE


async def test_an_open_run_is_kept_whole(store: Store, folder: Path) -> None:
    await live(store, 0, 3 * KEPT)
    [run] = await runs.open_runs(store)
    first, *_ = told = await journal.events(store, run.name)
    assert isinstance(first, RunOpened)
    assert len(told) > 5
    [item] = await items.of_run(store, run.id)
    assert "What came" in item.item.text
    assert (await accounts.calls_of_run(store, run.id))[0].charged == CHARGE
    for event in told:
        if payload := getattr(event, "payload", None):
            assert await journal.get_payload(store, payload)


async def test_what_ended_is_dropped_with_all_that_it_was(store: Store) -> None:
    await live(store, 0, 3 * KEPT)
    assert await journal.events(store, "r1") == []
    assert (await runs.find(store, 1)).outcome == "done"
    assert await accounts.calls_of_run(store, 1) == []
    assert (await items.find(store, 1)).item == Item(id="0-0", text="")
    assert await count(store, "SELECT min(slot) FROM occurrences") >= at(2 * KEPT - 2)
    assert await count(store, "SELECT min(made) FROM answers") >= at(2 * KEPT - 2)


async def test_what_was_seen_stays_seen(store: Store) -> None:
    await live(store, 0, 3 * KEPT)
    again = Item(id="0-1", text="What came on day 0. " * 20)
    digest = again.digest()
    assert await store.transact(partial(items.add, digest=digest, seen=at(99)), NAME, "inbox", again) is None


async def test_what_was_withdrawn_and_is_there_again_is_whole_again(store: Store, folder: Path) -> None:
    await live(store, 0, 3 * KEPT)
    again = Item(id="0-1", text="What came on day 0. " * 20)
    await store.transact(items.withdraw, NAME, "inbox", again.id, at(98))
    number = await store.transact(partial(items.add, digest=again.digest(), seen=at(99)), NAME, "inbox", again)
    assert number is not None
    assert (await items.find(store, number)).item == again
    await sound(folder)


async def test_what_was_labelled_keeps_its_text(store: Store) -> None:
    await live(store, 0, 1)
    await store.transact(labels.put, "watch", 2, Label(False, "person:ana", at(0), ""))
    await live(store, 1, 3 * KEPT)
    assert "What came" in (await items.find(store, 2)).item.text


async def test_what_waits_keeps_its_text(store: Store) -> None:
    def waits(tx: Tx) -> int | None:
        item = Item(id="waiting", text="for a model")
        number = items.add(tx, NAME, "inbox", item, digest=item.digest(), seen=at(0))
        assert number is not None
        items.move(tx, number, ItemState.WAITING)
        return number

    number = await store.transact(waits)
    await live(store, 0, 3 * KEPT)
    assert number is not None
    assert (await items.find(store, number)).item.text == "for a model"


async def test_a_run_is_kept_as_long_as_the_month_that_it_spent_in(store: Store, folder: Path) -> None:
    month = f"all/{iso(at(0))[:7]}"

    def spends(tx: Tx) -> None:
        run = a_day(tx, 0, ends=False)
        pay(tx, journal.run_chain(run), at(0), month, run)
        end(tx, run, at(0), State.SUCCESS)

    def more(tx: Tx) -> None:
        pay(tx, CHAIN, at(KEPT + 1), month, None)

    await store.transact(spends)
    await keep_house(store, days=7, now=at(KEPT))
    await store.transact(more)
    assert [row.spent for row in await accounts.every(store) if row.name == month] == [2 * CHARGE]
    await keep_house(store, days=7, now=at(60))
    assert await count(store, "SELECT count(*) FROM reservations WHERE run IS NOT NULL") == 0
    await sound(folder)


async def test_it_is_told_what_was_dropped(store: Store) -> None:
    await live(store, 0, KEPT + 3)
    told = [event for event in await journal.events(store, journal.SYSTEM) if isinstance(event, HistoryDropped)]
    assert (told[-1].runs, told[-1].items, told[-1].occurrences, told[-1].before) == (1, 4, 1, at(2) + HOUR)


async def test_nothing_is_told_where_nothing_was_dropped(store: Store) -> None:
    await live(store, 0, KEPT - 1)
    assert not [event for event in await journal.events(store, journal.SYSTEM) if isinstance(event, HistoryDropped)]


async def test_with_no_days_everything_is_kept(store: Store) -> None:
    await live(store, 0, 5)
    assert not any(await keep_house(store, days=0, now=at(5_000)))


async def test_a_clock_set_forward_costs_no_more_than_a_month(store: Store) -> None:
    await live(store, 0, KEPT)
    await keep_house(store, days=5 * KEPT, now=at(KEPT + 365))
    assert await journal.events(store, "r1") != []


async def test_the_house_is_due_once_a_day_and_at_once_where_the_clock_was_set_back(store: Store) -> None:
    assert await house_due(store, at(9)) <= at(9)
    await keep_house(store, days=KEPT, now=at(9))
    assert await house_due(store, at(9)) == at(10)
    assert await house_due(store, at(4)) == at(4)


async def test_the_definition_in_force_is_told_again_where_its_entry_is_dropped(store: Store) -> None:
    await live(store, 0, 3 * KEPT)
    told = await journal.events(store, journal.specialist_chain(NAME))
    loaded = [event for event in told if isinstance(event, DefinitionLoaded)]
    assert [event.since for event in loaded] == [at(0)]
    assert await journal.get_payload(store, loaded[0].definition)


async def test_a_pause_that_is_in_force_is_kept(store: Store, folder: Path) -> None:
    await store.transact(pauses.pause, NAME, "on holiday", "person:ana", at(0))
    await live(store, 0, 3 * KEPT)
    assert (await pauses.every(store))[NAME].why == "on holiday"
    await sound(folder)


async def test_an_account_whose_events_are_gone_takes_no_more_money(store: Store, folder: Path) -> None:
    """A clock that is set back by that much finds it closed."""
    await live(store, 0, 3 * KEPT)
    with pytest.raises(BudgetExceeded):
        await store.transact(pay, CHAIN, at(0), f"triage/{NAME}/{iso(at(0))[:10]}", None)
    await sound(folder)


async def test_a_run_that_is_open_cannot_be_dropped(store: Store) -> None:
    run = await store.transact(partial(a_day, ends=False), 0)
    assert await store.transact(dropping.drop_run, run, at(99)) == 0
    assert await journal.events(store, journal.run_chain(run)) != []


async def test_a_dead_letter_that_was_dropped_cannot_be_driven_again(store: Store, folder: Path) -> None:
    def fails(tx: Tx) -> None:
        end(tx, a_day(tx, 0, ends=False), at(0), State.FAILED)

    def again(tx: Tx) -> None:
        journal.unseal(tx, "r1")
        tx.record("r1", RunMoved(at=at(99), run=1, old=State.FAILED, new=State.PENDING))

    await store.transact(fails)
    assert [run.id for run in await runs.dead(store)] == [1]
    await live(store, 1, 3 * KEPT)
    assert await runs.dead(store) == []
    with pytest.raises(InvalidTransition):
        await store.transact(again)
    await sound(folder)


async def test_a_payload_that_is_referred_to_meanwhile_is_kept(store: Store) -> None:
    content = b"a new definition"
    digest = await store.transact(journal.put_payload, content)
    unused, last = await unreferred(store)
    assert unused == [digest]
    await store.transact(specialists.put, "ben", digest, at(1))
    assert await store.transact(drop_payload, digest, last) == 0
    assert await journal.get_payload(store, digest) == content


class Broken(Exception):
    """The process is gone."""


async def test_broken_off_anywhere_it_leaves_what_verifies_and_is_taken_up_again(
    store: Store, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(2 * KEPT):
        await store.transact(a_day, day)
    monkeypatch.setattr(dropping, "AT_ONCE", 5)
    transact, left, broken = store.transact, 0, 0

    async def breaking(*asked: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise Broken
        return await transact(*asked)

    monkeypatch.setattr(store, "transact", breaking)
    while True:
        left = 12
        try:
            await keep_house(store, days=KEPT, now=at(2 * KEPT))
        except Broken:
            broken += 1
            await sound(folder)
        else:
            break
    assert broken > 5
    assert await journal.events(store, journal.run_chain(KEPT - 1)) == []
    assert await journal.events(store, journal.run_chain(KEPT + 5)) != []


async def test_after_the_clock_was_set_nothing_is_dropped_for_a_week_of_days(tmp_path: Path) -> None:
    """What is a year old by a clock that is a year ahead may be today's."""
    async with open_store(tmp_path, command="test", now=at(1_000)) as store:
        await store.transact(meta.put, meta.UNSETTLED, 7)
        for left in range(6, -1, -1):
            await keep_house(store, days=90, now=at(1_000))
            assert await store.transact(meta.get, meta.UNSETTLED) == left
            assert await store.transact(meta.get, meta.FORGOTTEN) == 0
        await keep_house(store, days=90, now=at(1_000))
        assert await store.transact(meta.get, meta.FORGOTTEN) == at(1_000) - 90 * DAY
