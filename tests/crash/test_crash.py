"""SIGKILL around every transaction of a run of fan-out, loop and gate: it goes on, and comes to the same.

The process is a real one (`child.py`). Between two transactions it has told nobody anything, so the moments right
before and right after each of them are all that a restart can tell apart.
"""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest

from platos.core.event import StepMoved
from platos.core.state import State
from platos.store import ReadStore, accounts, effects, evidence, items, journal, open_store, read_store, runs, verdicts
from platos.store.database import NAME

CHILD = Path(__file__).with_name("child.py")
RUN = 1
SLICE, SEED = 12, 20261121

RecordCases = Callable[[str, int], None]


class Story(NamedTuple):
    """What a workspace came to, without what may differ between two lives: times, numbers, order."""

    items: frozenset[tuple[str, str, bool]]
    verdicts: frozenset[tuple[str, str, str]]
    runs: tuple[tuple[str, str], ...]
    successes: Counter[str]
    answered: Counter[str]
    effects: tuple[tuple[str, str], ...]
    receipts: int
    outbox: dict[str, bytes]
    held: int


class Whole(NamedTuple):
    """A workspace that nobody disturbed, and how many transactions its process made."""

    workspace: Path
    transactions: int


async def story_of(workspace: Path) -> Story:
    """Read what the processes left, with no process running."""
    async with read_store(workspace / ".platos") as store:
        stored = [await items.find(store, number) for (number,) in await store.all("SELECT number FROM items")]
        given = [(each.item.id, *answer) for each in stored for answer in await verdicts.of_item(store, each.number)]
        calls = await accounts.calls_of_run(store, RUN)
        return Story(
            items=frozenset((each.item.id, str(each.state), each.run is not None) for each in stored),
            verdicts=frozenset((item, tier, str(verdict.decision)) for item, tier, verdict, _ in given),
            runs=tuple((str(row.state), str(row.outcome)) for row in await runs.latest(store, 100)),
            successes=await _successes(store),
            answered=Counter(call.step for call in calls if call.state == "answered"),
            effects=tuple((row.tool, str(row.state)) for row in await effects.of_run(store, RUN)),
            receipts=len(await evidence.of_run(store, RUN)),
            outbox={path.name: path.read_bytes() for path in sorted((workspace / "outbox").glob("*"))},
            held=len(await accounts.held(store)),
        )


async def _successes(store: ReadStore) -> Counter[str]:
    """How often each step came to its result, as the journal tells it."""
    told = await journal.events(store, journal.run_chain(RUN))
    return Counter(str(each.key) for each in told if isinstance(each, StepMoved) and each.state is State.SUCCESS)


def start(workspace: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """A life of the workspace in a process of its own."""
    home = {**os.environ, "XDG_CONFIG_HOME": str(workspace.parent / "xdg")}
    command = [sys.executable, str(CHILD), str(workspace), *options]
    return subprocess.run(command, env=home, capture_output=True, text=True, timeout=100, check=False)


def killed(workspace: Path, moment: str) -> None:
    """A life that ends in the middle."""
    ended = start(workspace, "--kill", moment)
    assert ended.returncode == -signal.SIGKILL, ended.stderr


def finished(workspace: Path, *options: str) -> str:
    """The life after it; what it printed."""
    ended = start(workspace, "--hour", "2", *options)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Whole:
    workspace = tmp_path_factory.mktemp("whole") / "workspace"
    return Whole(workspace, int(finished(workspace)))


@pytest.fixture
def workspaces(tmp_path: Path) -> Iterator[Path]:
    """Folders for workspaces, one after another."""
    return (tmp_path / f"w{n}" for n in range(1_000_000))


def moments(transactions: int) -> list[str]:
    """Every moment at which the process may be killed."""
    return [f"{when}:{n}" for n in range(1, transactions + 1) for when in ("before", "after")]


async def comes_to_the_same(workspace: Path, expected: Story, moment: str, *options: str) -> None:
    killed(workspace, moment)
    finished(workspace, *options)
    assert await story_of(workspace) == expected, f"killed {moment}"


async def test_the_story_is_one_of_fan_out_loop_and_gate(whole: Whole) -> None:
    """What the checks below compare with is not empty."""
    story = await story_of(whole.workspace)
    assert story.runs == (("success", "done"),)
    assert story.effects == (("outbox", "done"),)
    assert (story.receipts, len(story.outbox), story.held) == (1, 1, 0)
    assert set(story.successes.values()) == set(story.answered.values()) == {1}
    assert {step.split(":")[1] for step in story.successes} == {
        "work/each[i1]/until_accepted[1]/read",
        "work/each[i1]/until_accepted[1]/review",
        "work/each[i4]/until_accepted[1]/read",
        "work/each[i4]/until_accepted[1]/review",
        "work/merge",
        "work/deliver",
    }


async def test_killed_at_some_moments_it_comes_to_the_same(
    whole: Whole, workspaces: Iterator[Path], record_cases: RecordCases
) -> None:
    expected = await story_of(whole.workspace)
    chosen = random.Random(SEED).sample(moments(whole.transactions), SLICE)
    for moment in chosen:
        await comes_to_the_same(next(workspaces), expected, moment)
    record_cases("crash", len(chosen))


@pytest.mark.exhaustive
@pytest.mark.timeout(1_800)
async def test_killed_at_any_moment_it_comes_to_the_same(
    whole: Whole, workspaces: Iterator[Path], record_cases: RecordCases
) -> None:
    expected = await story_of(whole.workspace)
    every = moments(whole.transactions)
    for moment in every:
        await comes_to_the_same(next(workspaces), expected, moment)
    record_cases("crash", len(every))


async def test_killed_again_and_again_it_comes_to_the_same(
    whole: Whole, workspaces: Iterator[Path], record_cases: RecordCases
) -> None:
    """Each life gets a little further than the one before, recovery included."""
    expected, workspace = await story_of(whole.workspace), next(workspaces)
    chance, lives = random.Random(SEED), 0
    killed(workspace, f"after:{chance.randrange(4, 12)}")
    while start(workspace, "--hour", "2", "--kill", f"after:{chance.randrange(4, 12)}").returncode == -signal.SIGKILL:
        lives += 1
        assert lives < 20, "no life gets further than the one before"
    assert await story_of(workspace) == expected
    record_cases("crash", 1 + lives)


async def test_a_run_whose_journal_was_changed_does_not_go_on(whole: Whole, workspaces: Iterator[Path]) -> None:
    """Also where the change lies before the mark up to which the journal is verified at open."""
    workspace = next(workspaces)
    killed(workspace, f"after:{whole.transactions // 2}")
    state = workspace / ".platos"
    async with open_store(state, command="test", now=0) as store:
        told = await journal.chain(store, journal.run_chain(RUN))
    with closing(sqlite3.connect(state / NAME)) as connection:
        connection.execute("UPDATE journal SET body = CAST(replace(body, 'rules', 'Rules') AS BLOB)")
        connection.commit()
    ended = start(workspace, "--hour", "2")
    assert f"entry 2 of the journal's chain r{RUN} is not what was written" in ended.stderr
    async with read_store(state) as store:
        assert len(await journal.chain(store, journal.run_chain(RUN))) <= len(told) + 2  # what recovery wrote


async def test_forgotten_checkpoints_are_noticed(whole: Whole, workspaces: Iterator[Path]) -> None:
    """Planted: a store that does not give back, after the restart, what steps came to."""
    expected, transactions = await story_of(whole.workspace), whole.transactions
    with pytest.raises(AssertionError, match="killed after"):
        await comes_to_the_same(next(workspaces), expected, f"after:{transactions // 2}", "--forget")
