"""Cancellation at every await of every call of the store: nothing is left behind, and no transaction is there in part.

Each call is run again and again, and cancelled at its first suspension, its second, and so on until it ends before.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import aiosqlite
import anyio
import anyio.to_thread
import pytest

from platos.errors import StoreUnknown
from platos.store import Store, Tx, open_store, read_store
from platos.store.database import NAME
from tests.crash.cancel import Way, cancelled_at, open_transactions, strays
from tests.crash.faults import wrongs
from tests.crash.workload import NOW, Refused, check_whole, made, open_run, refuse

RecordCases = Callable[[str, int], None]
Call = Callable[[Store, str], Coroutine[Any, Any, None]]
COUNT = "SELECT count(*) FROM journal"
TURNS = 60
UNKNOWN = StoreUnknown("cancelled")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, command="test", now=NOW) as opened:
        yield opened


async def write(store: Store, name: str) -> None:
    await store.transact(open_run, name, 100)


async def fail(store: Store, name: str) -> None:
    with pytest.raises(Refused):
        await store.transact(refuse, name, 100)


async def ask_all(store: Store, _: str) -> None:
    await store.all("SELECT * FROM journal")


async def ask_one(store: Store, _: str) -> None:
    await store.one(COUNT)


async def wrong_in(store: Store, name: str) -> list[str]:
    """What is wrong in a store of which a call was cancelled, or in the next call."""
    await store.transact(check_whole)
    found = await store.transact(wrongs, {name: UNKNOWN})
    count = await store.one(COUNT)
    assert await store.transact(lambda tx: tx.one(COUNT)) == count
    return found


async def live(folder: Path) -> None:
    """The whole life of a store: opened, written, asked for the first time and again, closed."""
    async with open_store(folder, command="test", now=NOW) as store:
        await write(store, "life")
        await ask_one(store, "")
        await ask_all(store, "")


async def look(folder: Path) -> None:
    """The life of a store that is only asked."""
    async with read_store(folder) as store:
        await store.one(COUNT)


async def cancelled_everywhere(store: Store, folder: Path, call: Call, way: Way, name: str) -> int:
    """Cancel a call at each of its suspensions, and look each time at what is left; how many there are."""
    number = 1
    while await cancelled_at(number, way, call(store, f"{name}-{number}")):
        assert await wrong_in(store, f"{name}-{number}") == []
        assert open_transactions(folder) == []
        number += 1
    assert number > 1
    return number - 1


@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("call", [write, fail, ask_all, ask_one])
async def test_a_call_that_is_cancelled_leaves_nothing_open(
    store: Store, tmp_path: Path, record_cases: RecordCases, call: Call, way: Way
) -> None:
    record_cases("cancellations", await cancelled_everywhere(store, tmp_path, call, way, "once"))


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("way", Way)
@pytest.mark.parametrize("call", [write, fail, ask_all, ask_one])
async def test_a_call_that_is_cancelled_again_and_again_leaves_nothing_open(
    store: Store, tmp_path: Path, record_cases: RecordCases, call: Call, way: Way
) -> None:
    """What the threads have done by the time is different each time."""
    for turn in range(TURNS):
        record_cases("cancellations", await cancelled_everywhere(store, tmp_path, call, way, f"t{turn}"))


@pytest.mark.parametrize("way", [Way.SCOPE, Way.SCOPE_LATE])
@pytest.mark.parametrize("life", [live, look])
async def test_a_store_that_is_cancelled_as_it_opens_lives_or_closes_leaves_nothing_behind(
    tmp_path: Path, record_cases: RecordCases, life: Callable[[Path], Coroutine[Any, Any, None]], way: Way
) -> None:
    """By scopes, which is all that Platos cancels with: a bare `Task.cancel()` goes through the shield of a closing
    store, and what it leaves open then ends with the process."""
    number, struck = 1, True
    while struck:
        folder = made(tmp_path / f"{number}")
        async with open_store(folder, command="test", now=NOW) as store:
            await write(store, "before")
        before = set(threading.enumerate())
        struck = await cancelled_at(number, way, life(folder))
        assert strays(folder, before) == []
        async with open_store(folder, command="test", now=NOW) as store:
            assert await wrong_in(store, "life") == []
        number += 1
    assert number > 8
    record_cases("cancellations", number - 2)


@pytest.mark.parametrize("way", [Way.SCOPE, Way.TASK])
async def test_a_transaction_that_is_cancelled_as_it_waits_or_runs_is_whole_or_absent(
    store: Store, tmp_path: Path, record_cases: RecordCases, way: Way
) -> None:
    """The first runs, and the others wait behind it, while they are all cancelled; one more waits, and is not."""
    running, release = threading.Event(), threading.Event()
    names = [f"n{n:02}" for n in range(8)]

    def slow(tx: Tx, name: str, size: int) -> str:
        running.set()
        assert release.wait(60)
        return open_run(tx, name, size)

    async def ask(name: str) -> None:
        await store.transact(open_run if running.is_set() else slow, name, 100)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(cancelled_at, 1, way, ask(names[0]))
        await anyio.to_thread.run_sync(running.wait)
        for name in names[1:]:
            tasks.start_soon(cancelled_at, 1, way, ask(name))
        tasks.start_soon(write, store, "last")
        await anyio.wait_all_tasks_blocked()
        release.set()
    assert await store.transact(wrongs, dict.fromkeys(names, UNKNOWN) | {"last": "last"}) == []
    assert open_transactions(tmp_path) == []
    record_cases("cancellations", len(names))


def test_what_is_left_open_is_noticed(tmp_path: Path) -> None:
    """Planted: a file and a thread that nobody closes, and then somebody does."""
    before, release = set(threading.enumerate()), threading.Event()
    thread = threading.Thread(target=release.wait, name="left")
    thread.start()
    with (tmp_path / NAME).open("wb"):
        assert strays(tmp_path, before, patience=0) == ["left", NAME]
    release.set()
    assert strays(tmp_path, before) == []


async def test_a_transaction_that_awaits_its_statements_is_noticed(tmp_path: Path) -> None:
    """Planted: a writer on aiosqlite, each statement awaited by itself."""
    connection = await aiosqlite.connect(tmp_path / NAME, isolation_level=None)

    async def write_by_statement() -> None:
        await connection.execute("BEGIN IMMEDIATE")
        await connection.execute("INSERT INTO t VALUES (1)")
        await connection.execute("COMMIT")

    await connection.execute("PRAGMA journal_mode = WAL")
    await connection.execute("CREATE TABLE t (n)")
    found: list[str] = []
    for number in range(1, 4):
        assert await cancelled_at(number, Way.SCOPE, write_by_statement())
        await connection.execute("SELECT 1")
        found += open_transactions(tmp_path)
        if connection.in_transaction:
            await connection.rollback()
    await connection.close()
    assert len(found) >= 1
    assert set(found) == {"writing: database is locked"}
