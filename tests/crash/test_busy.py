"""Another process holds the file: what waits is committed once it lets go, and the loop goes on meanwhile."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

import anyio
import pytest

from platos.errors import StoreError
from platos.store import Store, open_store
from platos.store.database import NAME
from tests.crash.faults import wrongs
from tests.crash.workload import NOW, check_whole, open_run

HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.readline()
connection.execute("ROLLBACK")
"""
TICK = 0.02
WAITING = 20

RecordCases = Callable[[str, int], None]


class Busy(NamedTuple):
    """What went on while the file was held, and what the callers were answered at the end."""

    ticks: int
    early: int
    answers: dict[str, object]


@contextmanager
def held(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process in the middle of a write to the file, until its standard input ends."""
    command = [sys.executable, "-c", HOLDER, str(folder / NAME)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


async def ask(store: Store, name: str, answers: dict[str, object]) -> None:
    try:
        answers[name] = await store.transact(open_run, name, 100)
    except StoreError as error:
        answers[name] = error


async def wait_for(folder: Path, seconds: float) -> Busy:
    """Ask for transactions of a store whose file is held for so long."""
    answers: dict[str, object] = {}
    ticks = 0
    async with open_store(folder, command="test", now=NOW) as store, anyio.create_task_group() as tasks:
        with held(folder):
            for n in range(WAITING):
                tasks.start_soon(ask, store, f"w{n:02}", answers)
            with anyio.move_on_after(seconds):
                while True:
                    await anyio.sleep(TICK)
                    ticks += 1
            early = len(answers)
    return Busy(ticks, early, answers)


async def committed_after(folder: Path, seconds: float) -> None:
    busy = await wait_for(folder, seconds)
    assert busy.early == 0
    assert busy.ticks > seconds / TICK / 10
    assert busy.answers == {f"w{n:02}": f"w{n:02}" for n in range(WAITING)}
    async with open_store(folder, command="test", now=NOW) as store:
        await store.transact(check_whole)
        assert await store.transact(wrongs, busy.answers) == []


async def test_what_waits_for_another_process_is_committed(tmp_path: Path, record_cases: RecordCases) -> None:
    """Past SQLite's own time-out."""
    await committed_after(tmp_path, 3)
    record_cases("busy seconds", 3)


@pytest.mark.exhaustive
async def test_what_waits_half_a_minute_is_committed(tmp_path: Path, record_cases: RecordCases) -> None:
    await committed_after(tmp_path, 30)
    record_cases("busy seconds", 30)


async def test_a_store_is_closed_while_its_file_is_held(tmp_path: Path) -> None:
    """The holder lets go only afterwards. Who waited is told that nothing was written, and it was not."""
    answers: dict[str, object] = {}
    async with AsyncExitStack() as stack:
        tasks = await stack.enter_async_context(anyio.create_task_group())
        store = await stack.enter_async_context(open_store(tmp_path, command="test", now=NOW))
        with held(tmp_path):
            tasks.start_soon(ask, store, "waits", answers)
            await anyio.wait_all_tasks_blocked()
            await stack.aclose()
    assert isinstance(answers["waits"], StoreError)
    async with open_store(tmp_path, command="test", now=NOW) as store:
        assert await store.transact(wrongs, answers) == []
