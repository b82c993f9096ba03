"""SIGKILL at every boundary of the reference workflow, and again while it recovers: it goes on, and comes to the same.

The processes are real ones (`child.py`). A process that dies tells nobody anything, so a boundary is all that a restart
can tell apart: before a transaction is asked for, right after its COMMIT and before the answer, and after the answer.
"""

from __future__ import annotations

import random
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from signal import SIGKILL

import anyio.to_thread
import pytest

from platos.core.effect import EffectState
from platos.core.event import MoneySettled, decode_event
from platos.core.state import Outcome, State
from platos.store import journal, open_store, read_store
from platos.store.database import NAME

from .conftest import RecordCases, Whole
from .fate import MOMENTS
from .history import history_of
from .lives import Life, Nursery, side_by_side
from .outcome import check_outcome
from .story import RUN, story_of
from .workflow import make_workspace

SEED = 20261121
FEWEST = 40
PAGE_IS_OUT, ANSWER_IS_PAID = "before:settle#3", "after:_settle#1"
SOME, SOME_PAIRS, ALL_PAIRS = 12, 4, 100
RECOVERING = 6
"""A second life has at least as many transactions, wherever the first one ended but for its last few."""


def lives(one: Nursery, workspace: Path, moments: Sequence[str], *options: str) -> list[Life]:
    """A life that is killed for each moment, and the one after them, which comes to its end."""
    make_workspace(workspace)
    lived = []
    for number, moment in enumerate(moments):
        lived.append(one.start(workspace, "--hour", str(2 * number), "--kill", moment, *options))
        assert lived[-1].wait() == -SIGKILL, lived[-1].said
    lived.append(one.start(workspace, "--hour", str(2 * len(moments)), *options))
    assert lived[-1].wait() == 0, lived[-1].said
    return lived


async def comes_to_the_same(one: Nursery, workspace: Path, whole: Whole, moments: Sequence[str], *options: str) -> bool:
    """Kill it at each moment of a life; the last life is let come to its end. Was the page in doubt meanwhile?"""
    with noting(moments):
        lived = await anyio.to_thread.run_sync(lives, one, workspace, moments, *options)
        return await check_outcome(workspace, whole.workspace, lived)


@contextmanager
def noting(moments: Sequence[str]) -> Iterator[None]:
    """Say in a failure at which moments it was killed."""
    try:
        yield
    except AssertionError as error:
        error.add_note(f"killed {', '.join(moments)}")
        raise


def moments(transactions: int) -> list[str]:
    """Every moment at which the process may be killed."""
    return [f"{when}:{n}" for n in range(1, transactions + 1) for when in MOMENTS]


def some_moments(transactions: int) -> list[str]:
    """Any of them, and the one at which the page is out and its receipt is not known."""
    return [PAGE_IS_OUT, *random.Random(SEED).sample(moments(transactions), SOME - 1)]


def pairs(transactions: int, count: int) -> list[tuple[str, str]]:
    """Moments, each with one of the recovery after it."""
    chance = random.Random(SEED)
    firsts, seconds = moments(transactions - 2 * RECOVERING), moments(RECOVERING)
    return [(chance.choice(firsts), chance.choice(seconds)) for _ in range(count)]


async def test_the_workflow_is_what_the_proof_needs(whole: Whole) -> None:
    """Fan-out, loop, re-plan, gate, effects, model calls, a helper; what the checks below compare with is not empty."""
    story = await story_of(whole.workspace)
    assert whole.transactions >= FEWEST
    assert story.runs == ((State.SUCCESS, Outcome.DONE),)
    assert story.plans == ("first", "second")
    assert story.effects == tuple((tool, EffectState.DONE) for tool in ("pin", "outbox", "page"))
    assert (story.receipts, len(story.outbox), len(story.pinned), story.held) == (3, 1, 1, 0)
    assert set(story.successes.values()) == set(story.answered.values()) == {1}
    settled = {f"r1:second/each[i{item}]/settle[{turn}]/judge:judge" for item in (1, 2, 3) for turn in (1, 2)}
    assert settled <= set(story.answered)
    assert "r1:second/each[i1]/settle[1]/read:ask clerk" in story.successes


async def test_the_diary_has_every_body_as_often_as_it_came_to_its_result(whole: Whole) -> None:
    """Nodes may begin more often: one that waits for a person, and one that fails. The outbox keeps no diary."""
    history = await history_of(whole.workspace)
    [ran] = history.ran.values()
    done = history.successes()
    assert set(ran) | {"second/deliver:outbox"} == {*done, "first/doubt:node"}
    assert {count for body, count in ran.items() if not body.endswith(":node")} == {1}


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("chosen", [some_moments, pytest.param(moments, marks=pytest.mark.exhaustive)])
async def test_killed_at_a_moment_it_comes_to_the_same(
    nurseries: list[Nursery],
    whole: Whole,
    workspaces: Iterator[Path],
    record_cases: RecordCases,
    chosen: Callable[[int], list[str]],
) -> None:
    doubted: Counter[bool] = Counter()

    async def check(one: Nursery, moment: str) -> None:
        doubted[await comes_to_the_same(one, next(workspaces), whole, [moment])] += 1

    await side_by_side(nurseries, chosen(whole.transactions), check)
    assert doubted[True], "it never died between the page and its receipt"
    assert doubted.total() >= SOME
    record_cases("crash", doubted.total())
    record_cases("crash in doubt", doubted[True])


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("count", [SOME_PAIRS, pytest.param(ALL_PAIRS, marks=pytest.mark.exhaustive)])
async def test_killed_again_while_it_recovers_it_comes_to_the_same(
    nurseries: list[Nursery], whole: Whole, workspaces: Iterator[Path], record_cases: RecordCases, count: int
) -> None:
    doubted: Counter[bool] = Counter()

    async def check(one: Nursery, moments: tuple[str, str]) -> None:
        doubted[await comes_to_the_same(one, next(workspaces), whole, moments)] += 1

    await side_by_side(nurseries, pairs(whole.transactions, count), check)
    assert doubted.total() >= count
    record_cases("crash pairs", doubted.total())


async def test_a_run_whose_journal_was_changed_does_not_go_on(
    nurseries: list[Nursery], whole: Whole, workspaces: Iterator[Path]
) -> None:
    """Also where the change lies before the mark up to which the journal is verified at open."""
    workspace = next(workspaces)
    make_workspace(workspace)
    assert nurseries[0].start(workspace, "--kill", f"after:{whole.transactions // 2}").wait() == -SIGKILL
    state = workspace / ".platos"
    async with open_store(state, command="test", now=0) as store:
        told = len(await journal.chain(store, journal.run_chain(RUN)))
    with closing(sqlite3.connect(state / NAME)) as connection:
        connection.execute("UPDATE journal SET body = CAST(replace(body, 'planner:', 'Planner:') AS BLOB)")
        connection.commit()
    life = nurseries[0].start(workspace, "--hour", "2")
    life.wait()
    assert f"entry 2 of the journal's chain r{RUN} is not what was written" in life.said
    async with read_store(state) as store:
        since = [decode_event(body) for _, body, _ in (await journal.chain(store, journal.run_chain(RUN)))[told:]]
        assert {type(event) for event in since} <= {MoneySettled}  # what nobody answered is charged


async def test_forgotten_checkpoints_are_noticed(
    nurseries: list[Nursery], whole: Whole, workspaces: Iterator[Path]
) -> None:
    """Planted: a store that does not give back, after the restart, what steps came to."""
    moment = f"after:{whole.transactions // 2}"
    with pytest.raises(AssertionError, match="ran again what was finished"):
        await comes_to_the_same(nurseries[0], next(workspaces), whole, [moment], "--plant", "forget checkpoints")


async def test_a_settlement_apart_from_its_answers_checkpoint_is_noticed(
    nurseries: list[Nursery], whole: Whole, workspaces: Iterator[Path]
) -> None:
    """Planted: an answer is paid for in one transaction and kept in the next; between them it can be lost."""
    with pytest.raises(AssertionError, match="answered, and bought again"):
        await comes_to_the_same(nurseries[0], next(workspaces), whole, [ANSWER_IS_PAID], "--plant", "settle apart")


async def test_a_page_that_is_sent_again_is_noticed(
    nurseries: list[Nursery], whole: Whole, workspaces: Iterator[Path]
) -> None:
    """Planted: a recovery that takes every tool for one that can be called twice."""
    with pytest.raises(AssertionError, match="in doubt where a process died of it"):
        await comes_to_the_same(nurseries[0], next(workspaces), whole, [PAGE_IS_OUT], "--plant", "send again")
