"""SIGKILL at every boundary of a model call, over real HTTP: what was answered is never asked again, and what nobody
knows of is charged in full and asked once more.

The provider lives outside the process that dies, and counts for itself.
"""

from __future__ import annotations

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from signal import SIGKILL
from typing import NamedTuple

import anyio
import anyio.to_thread
import pytest

from platos.core.state import Outcome, State
from platos.store import read_store, runs
from platos.store.database import NAME
from platos.testing.provider import FakeProvider, Turn, answers, hangs

from .conftest import RecordCases
from .fate import MOMENTS
from .lives import Nursery, nursery

SEED = 20261125
SOME, QUESTIONS = 10, 3
"""A verdict of triage, and two questions of a run."""

IN_FLIGHT = "in flight"
OF_CALLS = tuple(
    f"{when}:{what}#{number}"
    for what in ("_reserve", "_settle")
    for number in range(1, 4)
    for when in ("before", "after")
)
"""Right before and after it is reserved, right before and after it is settled: the boundaries of each call."""

ANSWER = json.dumps({"signal": True, "confidence": 0.9, "reason": "It is asked for.", "said": "yes"})
MODEL = "openai/made-up"
SETTINGS = """\
[python]
modules = ["asking.py"]

[models."{model}"]
api_base = "{url}"
input_per_million = 1.0
output_per_million = 4.0
"""
SPECIALIST = """\
---
owner: ana
schedule: "*/15 * * * *"
sources: [{{directory: {{path: inbox}}}}]
triage: [model]
planner: asking
models: {{small: {model}, frontier: {model}}}
tools: []
done_when: []
---

Report every advisory that asks for action.
"""


class Call(NamedTuple):
    """A call as the store has it."""

    question: str
    state: str
    amount: int
    charged: int


class Found(NamedTuple):
    """What a store holds when no process is left."""

    calls: list[Call]
    ended: list[tuple[State, Outcome | None]]

    def each(self, state: str) -> Counter[str]:
        """How many calls of each question are in a state."""
        return Counter(call.question for call in self.calls if call.state == state)


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """A nursery whose lives find litellm loaded."""
    with nursery(tmp_path_factory.mktemp("loaded"), "tests.crash.loaded") as one:
        yield one


def make_workspace(root: Path, url: str) -> None:
    for folder in ("specialists", "inbox"):
        (root / folder).mkdir(parents=True)
    (root / "platos.toml").write_text(SETTINGS.format(model=MODEL, url=url))
    (root / "specialists" / "asking.md").write_text(SPECIALIST.format(model=MODEL))
    shutil.copy(Path(__file__).with_name("asking.py"), root / "asking.py")
    (root / "inbox" / "note.txt").write_text("An advisory\n\nUpdate the north side.\n")


async def found_in(workspace: Path) -> Found:
    """Nothing, where no store was made yet."""
    if not await anyio.Path(workspace / ".platos" / NAME).exists():
        return Found([], [])
    async with read_store(workspace / ".platos") as store:
        rows = await store.all("SELECT step, state, amount, charged FROM reservations ORDER BY id")
        calls = [Call(step.rpartition(":")[2], *rest) for step, *rest in rows]
        return Found(calls, [(run.state, run.outcome) for run in await runs.latest(store, 10)])


def asked_of(provider: FakeProvider) -> Counter[str]:
    """How many requests came for each question."""
    return Counter(_question(json.dumps(asked.body["messages"])) for asked in list(provider.requests))


def _question(text: str) -> str:
    named = [f"{name}" for name in ("first", "second") if f"This is the {name} question." in text]
    return named[0] if named else "triage/model"


def die(one: Nursery, workspace: Path, provider: FakeProvider, moment: str, *options: str) -> None:
    """A life that is killed at a moment, or once a request has arrived and is not answered."""
    kill = () if moment == IN_FLIGHT else ("--kill", moment)
    life = one.start(workspace, *kill, *options)
    if moment == IN_FLIGHT:
        assert provider.arrived.wait(60), life.said
        life.signal(SIGKILL)
    assert life.wait() == -SIGKILL, life.said


def live_on(one: Nursery, workspace: Path, *options: str) -> None:
    life = one.start(workspace, "--hour", "2", *options)
    assert life.wait() == 0, life.said


async def check(one: Nursery, workspace: Path, moment: str, *options: str, turns: Sequence[Turn] = ()) -> Found:
    """Kill it at a moment, and let the next life come to its end; what the first one left."""
    async with FakeProvider(*turns, answers(ANSWER)) as provider:
        await anyio.to_thread.run_sync(make_workspace, workspace, provider.url)
        await anyio.to_thread.run_sync(die, one, workspace, provider, moment, *options)
        left, before = await found_in(workspace), asked_of(provider)
        await anyio.to_thread.run_sync(live_on, one, workspace)
        _check(moment, left, before, await found_in(workspace), asked_of(provider))
        return left


def _check(moment: str, left: Found, before: Counter[str], found: Found, asked: Counter[str]) -> None:
    assert found.ended == [(State.SUCCESS, Outcome.DONE)], f"{moment}: {found.ended}"
    answered, held = left.each("answered"), left.each("held")
    for question in asked:
        again = asked[question] - before[question]
        assert not (answered[question] and again), f"{moment}: {question} was answered, and asked again"
        assert again == 1 - answered[question], f"{moment}: {question} was asked {again} times after the restart"
    assert len(asked) == QUESTIONS, f"{moment}: {asked}"
    assert found.each("answered") == dict.fromkeys(asked, 1), f"{moment}: {found.calls}"
    assert found.each("unknown") == held, f"{moment}: {found.calls}, and {left.calls} before"
    assert all(call.charged == call.amount for call in found.calls if call.state == "unknown"), f"{moment}: {found}"
    assert {call.state for call in found.calls} <= {"answered", "unknown"}, f"{moment}: {found}"
    assert sum(asked.values()) <= len(found.calls), f"{moment}: something was asked that nobody paid for"


@pytest.fixture(scope="module")
def transactions(loaded: Nursery, tmp_path_factory: pytest.TempPathFactory) -> int:
    """How many transactions a life makes that nobody disturbs. It asks each question once."""
    workspace = tmp_path_factory.mktemp("undisturbed") / "w"
    with FakeProvider(answers(ANSWER)) as provider:
        make_workspace(workspace, provider.url)
        life = loaded.start(workspace)
        assert life.wait() == 0, life.said
        assert sorted(asked_of(provider).values()) == [1] * QUESTIONS
    return life.told["transactions"]


def every_moment(transactions: int) -> list[str]:
    return [IN_FLIGHT, *OF_CALLS, *(f"{when}:{n}" for n in range(1, transactions + 1) for when in MOMENTS)]


def some_moments(transactions: int) -> list[str]:
    """The boundaries of one call each way, and some others."""
    return [
        IN_FLIGHT,
        *random.Random(SEED).sample(OF_CALLS, 6),
        *random.Random(SEED).sample(every_moment(transactions), 3),
    ]


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("chosen", [some_moments, pytest.param(every_moment, marks=pytest.mark.exhaustive)])
async def test_killed_at_a_boundary_of_a_call_what_was_answered_is_not_asked_again_and_all_else_once(
    loaded: Nursery,
    transactions: int,
    workspaces: Iterator[Path],
    record_cases: RecordCases,
    chosen: Callable[[int], list[str]],
) -> None:
    states: Counter[str] = Counter()
    moments = chosen(transactions)

    for moment in moments:
        turns = [hangs()] if moment == IN_FLIGHT else []
        left = await check(loaded, next(workspaces), moment, turns=turns)
        states.update({call.state for call in left.calls})
    assert states["held"] >= 2, "it hardly ever died in the middle of a call"
    assert states["answered"] >= 2, "it hardly ever died after an answer"
    assert len(moments) >= SOME
    record_cases("killed calls", len(moments))


async def test_an_answer_that_is_paid_for_and_not_kept_is_noticed(loaded: Nursery, workspaces: Iterator[Path]) -> None:
    """Planted: the settlement is one transaction and the answer's checkpoint the next."""
    with pytest.raises(AssertionError, match="was answered, and asked again"):
        await check(loaded, next(workspaces), "after:_settle#2", "--plant", "settle apart")
