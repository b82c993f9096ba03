"""A disk that is full, a disk that fails, and a file that somebody else holds."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import pytest

from platos.errors import StoreFull
from platos.store import Store, Tx, journal
from platos.store.database import NAME
from platos.store.verify import verify_chain

COUNT = "SELECT count(*) FROM journal"
LARGE = bytes(200_000)
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""
IO_ERROR = Path(__file__).with_name("io_error.py")


def put_large(tx: Tx, n: int) -> str:
    return journal.put_payload(tx, LARGE + n.to_bytes(4))


async def limit(store: Store, pages: int) -> None:
    """Let the file grow by so many pages at most; 0 for no limit."""

    def set_limit(tx: Tx) -> None:
        count = tx.all("PRAGMA page_count")[0][0]
        tx.all(f"PRAGMA max_page_count = {count + pages if pages else 1 << 30}")

    await store.transact(set_limit)


async def test_on_a_full_disk_nothing_is_written(store, note, rows):
    await limit(store, 2)

    def both(tx: Tx) -> None:
        note(tx, "ana")
        put_large(tx, 1)

    with pytest.raises(StoreFull):
        await store.transact(both)
    assert rows(COUNT) == [(0,)]
    assert rows("SELECT count(*) FROM payloads") == [(0,)]


async def test_once_there_is_room_it_goes_on(store, note):
    await limit(store, 2)
    with pytest.raises(StoreFull):
        await store.transact(put_large, 1)
    await limit(store, 0)
    await store.transact(put_large, 1)
    assert await store.transact(note, "ana") == 1


async def test_a_full_disk_fails_only_what_needs_the_room(store, note):
    """The whole group is rolled back, and each of it runs again, alone: a function may run twice."""
    await limit(store, 8)
    ran: list[str] = []
    answers: dict[str, object] = {}

    def counted(tx: Tx, name: str, large: bool) -> None:
        ran.append(name)
        note(tx, name)
        if large:
            put_large(tx, len(name))

    async def ask(name: str, large: bool) -> None:
        try:
            answers[name] = await store.transact(counted, name, large)
        except StoreFull as error:
            answers[name] = error

    async with anyio.create_task_group() as tasks:
        for name in ("first", "large", "last"):
            tasks.start_soon(ask, name, name == "large")
    assert isinstance(answers.pop("large"), StoreFull)
    assert answers == {"first": None, "last": None}
    assert {name for (name,) in await store.all("SELECT name FROM chains")} == {"specialist:first", "specialist:last"}
    for name in ("first", "last"):
        entries = await journal.chain(store, journal.specialist_chain(name))
        verify_chain(name, entries)
        assert len(entries) == 1


def test_an_io_error_is_unknown_and_the_connection_is_replaced(folder):
    """In a process of its own, whose files may not grow: the kernel refuses a write in the middle of a commit."""
    done = subprocess.run([sys.executable, IO_ERROR, folder], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.split() == ["StoreUnknown", "reopened", "3", "verified"], done.stderr


@contextmanager
def held_by_another(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of a write to the file, until its standard input says otherwise."""
    command = [sys.executable, "-c", HOLDER, str(folder / NAME)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


async def test_a_file_that_another_process_holds_is_waited_for(store, note, monkeypatch):
    """And the loop goes on meanwhile, past several of SQLite's own time-outs."""
    await store.transact(lambda tx: tx.all("PRAGMA busy_timeout = 10") and None)
    ended = anyio.Event()

    async def write() -> None:
        await store.transact(note, "ana")
        ended.set()

    with held_by_another(store_folder := Path((await store.all("PRAGMA database_list"))[0][2]).parent) as process:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            for _ in range(20):
                await anyio.sleep(0.01)
            assert not ended.is_set()
            process.stdin.write("go\n")
            process.stdin.flush()
            await ended.wait()
    assert (store_folder / NAME).exists()
    assert await store.one(COUNT) == (1,)
