"""Two processes on one state folder: the one that holds it is stopped by SIGSTOP in the middle, then killed or revived.

While it lives it is not taken from it, stopped or not. Killed, it frees the folder at once. Where its lock file was
removed under it, both believe that they own the folder: the epoch in the file decides, and only the later one writes.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from enum import StrEnum
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from typing import NamedTuple

import anyio.to_thread
import pytest

from platos.core.event import StepMoved
from platos.core.state import State
from platos.core.step import StepKind
from platos.store.database import NAME, connect_read_only

from .conftest import RecordCases, Whole
from .fate import MOMENTS
from .history import History
from .lives import STOPPED, Life, Nursery, side_by_side
from .outcome import check_outcome
from .workflow import make_workspace

SEED = 20261123
SOME, ALL = 5, 50
LONGEST = 0.08
"""Seconds after which a holder is stopped at the latest, where time decides: a little less than a life takes."""

IN_ITS_TURN = "committed:1"
"""Where the heir of a robbed holder is stopped: with its first transaction, and without the file's lock."""


class End(StrEnum):
    """How a holder ended: killed; revived, and refused by the epoch; revived, with nothing left to write; or it was
    stopped in the middle of a COMMIT, where the file's own lock keeps everybody else out, and came to the end itself.
    """

    KILLED = "killed"
    REFUSED = "refused"
    NOTHING_LEFT = "nothing left"
    KEPT_OUT = "kept out"


class Try(NamedTuple):
    """A holder, stopped at a boundary, or after so many seconds; robbed of its lock and revived, or killed."""

    boundary: str
    seconds: float
    robbed: bool


class Upped(NamedTuple):
    """A `platos up`, and what it said until it was up or had ended."""

    process: subprocess.Popen[str]
    said_until_up: str
    state: Path


Up = Callable[[], Upped]


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Up]:
    """`up()`: another `platos up` on one workspace, whose path is short, for there is a socket in it."""
    root = Path(tempfile.mkdtemp(prefix="p"))
    make_workspace(root / "w")
    command = [sys.executable, "-m", "platos", "--workspace", str(root / "w"), "up"]
    environment = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}
    with ExitStack() as running:

        def started() -> Upped:
            process = subprocess.Popen(command, cwd=root, env=environment, stderr=subprocess.PIPE, text=True)
            running.enter_context(process)
            running.callback(process.kill)
            assert process.stderr is not None
            said = ""
            while "Ctrl-C stops it" not in said and (line := process.stderr.readline()):
                said += line
            return Upped(process, said, root / "w" / ".platos")

        yield started
    shutil.rmtree(root)


def tries(transactions: int, count: int) -> Iterator[Try]:
    """Robbed or not, at a boundary of each kind or at any time, in turn."""
    chance = random.Random(SEED)
    for number in range(count):
        boundary = f"{MOMENTS[number // 4 % 3]}:{chance.randrange(1, transactions)}"
        yield Try(boundary if number % 4 < 2 else "", chance.uniform(0, LONGEST), robbed=number % 2 == 0)


def stopped_holder(one: Nursery, workspace: Path, how: Try, *options: str) -> Life:
    """A process that owns the folder, and is stopped before it leaves with all done.

    Where time decides, one that was quicker than its time lives again, from the beginning, and has half of it. While it
    leaves, the folder is nobody's for a moment before the process has ended, and SQLite keeps readers out.
    """
    make_workspace(workspace)
    holder = one.start(workspace, *options, *(["--stop", how.boundary] if how.boundary else []))
    if not how.boundary:
        while "epoch" not in holder.told:
            time.sleep(0.001)
        time.sleep(how.seconds)
        holder.signal(SIGSTOP)
    end = holder.wait()
    if not how.boundary and "transactions" in holder.told:
        if end == STOPPED:
            holder.signal(SIGCONT)
            end = holder.wait()
        assert end == 0, holder.said
        shutil.rmtree(workspace)
        return stopped_holder(one, workspace, how._replace(seconds=how.seconds / 2), *options)
    assert end == STOPPED, holder.said
    return holder


def written(workspace: Path) -> tuple[int, int]:
    """How many entries the journal has, and the epoch in force."""
    with closing(connect_read_only(workspace / ".platos" / NAME)) as connection:
        asked = "SELECT (SELECT count(*) FROM journal), (SELECT value FROM meta WHERE key = 'epoch')"
        entries, epoch = connection.execute(asked).fetchone()
        return int(entries), int(epoch)


def refuses(one: Nursery, workspace: Path, holder: Life) -> None:
    """Another process is told who holds the folder, and changes nothing."""
    before = written(workspace)
    other = one.start(workspace, "--hour", "1")
    assert other.wait() == 1
    assert "StoreBusy" in other.said
    assert f"process {holder.pid} (platos up" in other.said
    assert written(workspace) == before


def starts_at_once(life: Life) -> None:
    """One try for the lock, and nothing waited for: no lease, no second look."""
    assert {name: life.told[name] for name in ("tries", "sleeps", "passed")} == {"tries": 1, "sleeps": 0, "passed": 0}


def killed(one: Nursery, workspace: Path, holder: Life) -> tuple[End, list[Life]]:
    """The holder is killed as it stands; the next process takes over and comes to the end."""
    holder.signal(SIGKILL)
    assert holder.wait() == -SIGKILL
    heir = one.start(workspace, "--hour", "2")
    assert heir.wait() == 0, heir.said
    starts_at_once(heir)
    return End.KILLED, [holder, heir]


def robbed(one: Nursery, workspace: Path, holder: Life, stop: str) -> tuple[End, list[Life]]:
    """The lock file is removed; another takes over and is stopped in the middle in its turn; the holder is revived."""
    (workspace / ".platos" / "lock").unlink()
    heir = one.start(workspace, "--hour", "2", "--stop", stop)
    if heir.wait() != STOPPED:
        return kept_out(holder, heir)
    before = written(workspace)
    holder.signal(SIGCONT)
    end = End.NOTHING_LEFT if holder.wait() == 0 else End.REFUSED
    assert written(workspace) == before, "the one that was taken over has written"
    assert end is End.NOTHING_LEFT or "EpochLost: another process has taken" in holder.said, holder.said
    heir.signal(SIGCONT)
    assert heir.wait() == 0, heir.said
    return end, [holder, heir]


def kept_out(holder: Life, heir: Life) -> tuple[End, list[Life]]:
    """Nobody can take a COMMIT from the one who is in the middle of it: it goes on, and ends."""
    assert "database is locked" in heir.said
    holder.signal(SIGCONT)
    assert holder.wait() == 0, holder.said
    return End.KEPT_OUT, [holder]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("count", [SOME, pytest.param(ALL, marks=pytest.mark.exhaustive)])
async def test_no_step_is_advanced_by_both(
    nurseries: list[Nursery],
    whole: Whole,
    workspaces: Iterator[Path],
    record_cases: RecordCases,
    count: int,
) -> None:
    ends: Counter[End] = Counter()

    def live(one: Nursery, workspace: Path, how: Try) -> tuple[End, list[Life]]:
        holder = stopped_holder(one, workspace, how)
        refuses(one, workspace, holder)
        return robbed(one, workspace, holder, IN_ITS_TURN) if how.robbed else killed(one, workspace, holder)

    async def check(one: Nursery, how: Try) -> None:
        workspace = next(workspaces)
        end, lived = await anyio.to_thread.run_sync(live, one, workspace, how)
        await check_outcome(workspace, whole.workspace, lived)
        ends[end] += 1

    await side_by_side(nurseries, tries(whole.transactions, count), check)
    assert ends[End.KILLED] == count // 2
    assert ends[End.REFUSED] >= count // 5
    record_cases("two processes", ends.total())
    for end, times in ends.items():
        record_cases(f"holders {end}", times)


def test_an_epoch_that_nobody_checks_is_noticed(nurseries: list[Nursery], workspaces: Iterator[Path]) -> None:
    """Planted: a writer that takes whatever epoch the file has for its own."""
    one, workspace = nurseries[0], next(workspaces)
    holder = stopped_holder(one, workspace, Try("committed:20", 0, robbed=True), "--plant", "trust any epoch")
    with pytest.raises(AssertionError, match="the one that was taken over has written"):
        robbed(one, workspace, holder, IN_ITS_TURN)


def test_a_step_that_both_moved_is_noticed() -> None:
    """Planted: two processes that found it pending."""
    step = StepMoved(
        at=0, run=1, revision=1, path="a", name="b", ordinal=1, kind=StepKind.LOCAL, input="", state=State.RUNNING
    )
    with pytest.raises(AssertionError, match="moved from pending, where it was not any more"):
        History((step, step), {}).check({})


def test_a_lock_that_waits_is_noticed(nurseries: list[Nursery], workspaces: Iterator[Path]) -> None:
    """Planted: a folder that is taken over only after a second look."""
    workspace = next(workspaces)
    make_workspace(workspace)
    life = nurseries[0].start(workspace, "--plant", "wait for a lease")
    assert life.wait() == 0, life.said
    with pytest.raises(AssertionError):
        starts_at_once(life)


def test_platos_up_is_followed_at_once_when_it_is_killed_in_its_sleep(up: Up) -> None:
    """The command itself, on the machine's clock."""
    holder = up()
    assert "Ctrl-C stops it" in holder.said_until_up
    holder.process.send_signal(SIGSTOP)
    refused = up()
    assert (refused.process.wait(), f"process {holder.process.pid} (platos up" in refused.said_until_up) == (6, True)
    holder.process.kill()
    holder.process.wait()
    assert "Ctrl-C stops it" in up().said_until_up


def test_the_socket_of_the_heir_outlasts_the_end_of_the_one_it_robbed(up: Up) -> None:
    """A process that was taken over, and ends later, leaves what is its heir's."""
    holder = up()
    holder.process.send_signal(SIGSTOP)
    (holder.state / "lock").unlink()
    up()
    holder.process.send_signal(SIGCONT)
    holder.process.terminate()
    holder.process.wait()
    assert (holder.state / "control.sock").exists()
