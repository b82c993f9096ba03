"""A disk that is full, a disk that fails, and a file that somebody else holds."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from platos.errors import StoreFull
from platos.store import Store, Tx, journal, open_store
from platos.store.database import NAME
from platos.store.verify import verify_chain

Note = Callable[..., int]
Rows = Callable[[str], list[tuple[object, ...]]]

NOW = 1_790_000_000_000_000
COUNT = "SELECT count(*) FROM journal"
PAYLOADS = "SELECT count(*) FROM payloads"
LARGE = bytes(200_000)
MEGABYTE = 1_000_000
IO_ERROR = Path(__file__).with_name("io_error.py")
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""


def put_large(tx: Tx, n: int) -> str:
    return journal.put_payload(tx, LARGE + n.to_bytes(4, "big"))


async def limit(store: Store, pages: int) -> None:
    """Let the file grow by so many pages at most; 0 for no limit."""

    def set_limit(tx: Tx) -> None:
        count = tx.all("PRAGMA page_count")[0][0]
        tx.all(f"PRAGMA max_page_count = {count + pages if pages else 1 << 30}")

    await store.transact(set_limit)


async def chain_holds(store: Store, specialist: str) -> int:
    """Verify a chain; how many entries it has."""
    entries = await journal.chain(store, journal.specialist_chain(specialist))
    verify_chain(specialist, entries)
    return len(entries)


async def test_on_a_full_disk_nothing_is_written(store: Store, note: Note, rows: Rows) -> None:
    await limit(store, 2)

    def both(tx: Tx) -> None:
        note(tx, "ana")
        put_large(tx, 1)

    with pytest.raises(StoreFull):
        await store.transact(both)
    assert rows(COUNT) == [(0,)]
    assert rows(PAYLOADS) == [(0,)]


async def test_once_there_is_room_it_goes_on(store: Store, note: Note) -> None:
    await limit(store, 2)
    with pytest.raises(StoreFull):
        await store.transact(put_large, 1)
    await limit(store, 0)
    await store.transact(put_large, 1)
    assert await store.transact(note, "ana") == 1


async def test_a_full_disk_fails_only_what_needs_the_room(store: Store, note: Note) -> None:
    """The whole group is rolled back, and each of it runs again, alone: a function may run twice."""
    await limit(store, 8)
    answers: dict[str, object] = {}
    ran: Counter[str] = Counter()
    held, release = threading.Event(), threading.Event()

    def hold(tx: Tx) -> None:
        held.set()
        assert release.wait(60)

    def write(tx: Tx, name: str) -> None:
        ran[name] += 1
        note(tx, name)
        if name == "large":
            put_large(tx, 1)

    async def ask(name: str) -> None:
        try:
            answers[name] = await store.transact(write, name)
        except StoreFull as error:
            answers[name] = error

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.transact, hold)
        await anyio.to_thread.run_sync(held.wait)
        for name in ("first", "large", "last"):
            tasks.start_soon(ask, name)
        await anyio.wait_all_tasks_blocked()
        release.set()
    assert ran == {"first": 2, "large": 2, "last": 1}
    assert isinstance(answers.pop("large"), StoreFull)
    assert answers == {"first": None, "last": None}
    assert [await chain_holds(store, name) for name in ("first", "large", "last")] == [1, 0, 1]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of two megabytes, where this user may mount one."""
    place = tmp_path / "disk"
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m,mode=0700", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", place], check=True)


async def fill(store: Store, kept: list[str]) -> None:
    """Write until the disk is full; what was answered is kept."""
    while True:
        kept.append(await store.transact(put_large, len(kept)))


async def test_a_disk_that_is_really_full_loses_nothing_that_was_answered(small_disk: Path, note: Note) -> None:
    kept: list[str] = []
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(MEGABYTE))
    async with open_store(small_disk, command="test", now=NOW) as store:
        await store.transact(note, "ana")
        with pytest.raises(StoreFull):
            await fill(store, kept)
        ballast.unlink()
        await store.transact(note, "ana")
    async with open_store(small_disk, command="test", now=NOW) as store:
        assert await store.one(PAYLOADS) == (len(kept),)
        assert await chain_holds(store, "ana") == 2


def test_an_io_error_is_unknown_and_the_connection_is_replaced(folder: Path) -> None:
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


async def test_a_file_that_another_process_holds_is_waited_for(store: Store, folder: Path, note: Note) -> None:
    """And the loop goes on meanwhile, past several of SQLite's own time-outs."""
    ended = anyio.Event()

    async def write() -> None:
        await store.transact(note, "ana")
        ended.set()

    await store.transact(lambda tx: tx.all("PRAGMA busy_timeout = 10"))
    with held_by_another(folder) as process:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(write)
            for _ in range(20):
                await anyio.sleep(0.01)
            assert not ended.is_set()
            process.communicate("go\n")
            await ended.wait()
    assert await store.one(COUNT) == (1,)
