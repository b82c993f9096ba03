"""The kernel answers the n-th system call on the store's files with an error: answers stay true.

This is the SQLite that Python has, with no shim between, also where that of `vfs.py` does not reach: shared memory, and
what SQLite itself makes of the kernel's answers. A call is the n-th of its thread, so that one run may meet several.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

import anyio.to_thread
import msgspec
import pytest

from platos import errors
from platos.store import open_store
from platos.store.damage import FILE
from platos.store.database import NAME
from platos.store.sound import examine
from tests.crash.faults import wrongs
from tests.crash.workload import NOW, check_whole, made, open_run

CHILD = Path(__file__).with_name("syscalls.py")
CALLS = "openat,pread64,pwrite64,fsync,fdatasync,ftruncate,fallocate,mmap,unlink,fchmod"
SEED, SLICE, MOST = 20261121, 6, 40
ERRORS = ("EIO", "ENOSPC")

RecordCases = Callable[[str, int], None]


class Life(NamedTuple):
    """How many calls were refused, and what the callers were answered."""

    refused: int
    answers: dict[str, object]


def live(folder: Path, number: int, error: str) -> Life:
    """A process whose n-th call on the files of its store fails."""
    log = folder.parent / f"{folder.name}.log"
    files = [part for name in ("", "-wal", "-shm", "-journal") for part in ("-P", str(folder / f"{NAME}{name}"))]
    fault = ["-e", f"trace={CALLS}", "-e", f"inject={CALLS}:error={error}:when={number}"]
    command = ["strace", "-f", "-qq", "-o", str(log), *files, *fault, sys.executable, str(CHILD), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    told = msgspec.json.decode(done.stdout, type=dict[str, str])
    answers = {name: answer if answer == name else getattr(errors, answer)(answer) for name, answer in told.items()}
    return Life(log.read_text().count("INJECTED"), answers)


@pytest.fixture(scope="module")
def strace() -> None:
    """strace is there, and may be used."""
    if shutil.which("strace") is None:
        pytest.skip("there is no strace on this machine")
    if subprocess.run(["strace", "-qq", "-o", "/dev/null", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may not trace a process")


async def answered_truly(folder: Path, number: int, error: str) -> int:
    """How many calls were refused in a life after which the store is opened again, and holds what was answered.

    Where the kernel refuses to read, SQLite says that the file is damaged, and what follows of that is undone.
    """
    async with open_store(made(folder), command="test", now=NOW) as store:
        await store.transact(open_run, "before", 10)
    life = live(folder, number, error)
    if (folder / FILE).exists():
        await anyio.to_thread.run_sync(examine, folder)
    async with open_store(folder, command="test", now=NOW) as store:
        await store.transact(check_whole)
        assert await store.transact(wrongs, life.answers | {"before": "before"}) == []
        assert await store.transact(open_run, "after", 10) == "after"
    return life.refused


@pytest.mark.usefixtures("strace")
async def test_answers_stay_true_whatever_system_call_fails(tmp_path: Path, record_cases: RecordCases) -> None:
    chosen = [(number, error) for number in range(1, MOST + 1) for error in ERRORS]
    for number, error in Random(SEED).sample(chosen, SLICE):
        await answered_truly(tmp_path / f"{number}-{error}", number, error)
    record_cases("io errors", SLICE)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.usefixtures("strace")
@pytest.mark.parametrize("error", ERRORS)
async def test_answers_stay_true_for_every_system_call(tmp_path: Path, record_cases: RecordCases, error: str) -> None:
    number = 1
    while await answered_truly(tmp_path / f"{number}", number, error):
        number += 1
    assert number > 20
    record_cases("io errors", number - 1)
