"""The lock of a state folder: one owner, freed with its process and with nothing else."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from platos.errors import StoreBusy
from platos.store.lock import FolderLock, holder_of

NOW = 1_790_000_000_000_000
OWNER = """
import sys
from pathlib import Path
from platos.store.lock import FolderLock
lock = FolderLock(Path(sys.argv[1]), command="up", now=int(sys.argv[2]))
print("owned", flush=True)
sys.stdin.readline()
"""


@contextmanager
def owner(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that owns the folder."""
    command = [sys.executable, "-c", OWNER, str(folder), str(NOW)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "owned\n"
        yield process


def test_a_second_process_is_refused_and_told_who_holds_it(folder: Path) -> None:
    with owner(folder) as process:
        with pytest.raises(StoreBusy, match=rf"process {process.pid} \(platos up, since 2026-09-21T"):
            FolderLock(folder, command="wake", now=NOW)


def test_a_refused_process_does_not_write_itself_down(folder: Path) -> None:
    with owner(folder) as process:
        with pytest.raises(StoreBusy):
            FolderLock(folder, command="wake", now=NOW)
        holder = holder_of(folder)
        assert holder is not None
        assert holder.pid == process.pid


def test_a_killed_process_owns_nothing(folder: Path) -> None:
    with owner(folder) as process:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        FolderLock(folder, command="up", now=NOW).close()


def test_a_child_does_not_inherit_it(folder: Path) -> None:
    lock = FolderLock(folder, command="up", now=NOW)
    waiting = [sys.executable, "-c", "import sys; print(1, flush=True); sys.stdin.readline()"]
    with subprocess.Popen(waiting, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        child.stdout.readline()
        lock.close()
        FolderLock(folder, command="up", now=NOW).close()


def test_nobody_holds_a_new_folder(folder: Path) -> None:
    assert holder_of(folder) is None


def test_a_lock_file_that_says_nothing_is_no_holder(folder: Path) -> None:
    (folder / "lock").write_bytes(b"\xff{")
    assert holder_of(folder) is None
    FolderLock(folder, command="up", now=NOW).close()
