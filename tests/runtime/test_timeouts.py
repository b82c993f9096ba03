"""No sign of life, and code that breaks: a limit for each, another try, and then a dead letter."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import anyio
import pytest

from platos import Context, HandOff, Work
from platos.core.effect import EffectClass, EffectState
from platos.core.event import StepMoved
from platos.core.failure import RetryPolicy
from platos.core.instant import HOUR, MINUTE, SECOND
from platos.core.plan import Single
from platos.core.state import Outcome, State
from platos.core.step import StepKind
from platos.errors import Unavailable
from platos.ports.model import ModelReply, ModelRequest
from platos.runtime.net import Net
from platos.runtime.node.life import Life
from platos.store import accounts, effects
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

from .workers import Again, Worker, drop_one, last_move, workspace

Simulate = Callable[..., SimulatedWorkspace]

SHORT = {"idle": "0.3s", "attempts": 2, "first": "1s"}
DRAFT = '{"title": "Upgrade", "claims": [{"text": "It says so.", "source": "i1", "quote": "An advisory"}], "note": ""}'


async def lived(simulated: SimulatedWorkspace) -> SimulatedWorkspace:
    """An hour with one signal."""
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(HOUR)
    return simulated


async def ended(simulated: SimulatedWorkspace) -> tuple[State, str]:
    await lived(simulated)
    async with simulated.up():
        [row] = await simulated.runs()
        return row.state, row.failure


async def test_a_step_that_hangs_is_tried_again(simulate: Simulate) -> None:
    worker = Worker("one", "two", troubles={"two": [anyio.sleep_forever]})
    assert await ended(workspace(simulate, worker, retry=SHORT)) == (State.SUCCESS, "")
    assert worker.tried == {"one": 1, "two": 2}


async def test_a_step_that_hangs_each_time_ends_as_a_dead_letter(simulate: Simulate) -> None:
    worker = Worker("one", troubles={"one": [anyio.sleep_forever] * 9})
    simulated = workspace(simulate, worker, retry=SHORT)
    assert await ended(simulated) == (State.FAILED, "timeout")
    async with simulated.up():
        failure = (await last_move(simulated)).failure
        assert failure is not None
        assert "no sign of life for 300ms" in failure.what
    assert worker.tried["one"] == 2


async def test_an_actor_that_hangs_between_two_steps_ends_as_a_dead_letter(simulate: Simulate) -> None:
    class Dreamer(Worker):
        async def act(self, context: Context, work: Work) -> HandOff:
            await super().act(context, work)
            await anyio.sleep_forever()
            raise AssertionError

    worker = Dreamer("one")
    assert await ended(workspace(simulate, worker, retry=SHORT)) == (State.FAILED, "timeout")
    assert worker.done == {"one": 1}


async def test_all_attempts_together_have_a_limit(simulate: Simulate) -> None:
    worker = Worker("one", troubles={"one": [Unavailable("nobody listens")] * 99})
    patient = {"attempts": 99, "first": "1m", "longest": "1m", "total": "10m"}
    simulated = workspace(simulate, worker, retry=patient)
    assert await ended(simulated) == (State.FAILED, "unavailable")
    async with simulated.up():
        told = await simulated.events("r1")
    tries = [event for event in told if isinstance(event, StepMoved) and event.name == "one"]
    assert {event.first for event in tries} == {tries[0].first}
    assert max(event.due - event.first for event in tries if event.due is not None) <= 10 * MINUTE
    assert worker.tried["one"] > 10


def at_work(life: Life, kind: StepKind, started: int) -> None:
    step = SimpleNamespace(kind=kind, started=started)
    life.at_work(cast("StepMoved", step))


async def test_whatever_came_before_a_step_may_be_still_for_idle_and_not_for_twice_idle(
    monkeypatch: pytest.MonkeyPatch, record_cases: Callable[[str, int], None]
) -> None:
    clock = SimpleNamespace(now=0)
    run = SimpleNamespace(host=None, specialist=SimpleNamespace(retry=RetryPolicy(idle=MINUTE)))
    monkeypatch.setattr(anyio, "current_time", lambda: clock.now / SECOND)
    cases = 0
    for seed in range(50):
        chance, clock.now = random.Random(seed), 10**15
        life = Life(cast("Net", SimpleNamespace(run=run)), Single(name="work", actor="worker"), "work")
        for _ in range(40):
            clock.now += chance.choice([0, SECOND, 20 * SECOND, 29 * SECOND, MINUTE, HOUR])
            if chance.random() < 0.5:
                life.alive(clock.now)
            else:
                at_work(life, StepKind.LOCAL, clock.now)
            assert MINUTE <= life.scope.deadline * SECOND - clock.now <= 2 * MINUTE
            cases += 1
    record_cases("signs of life", cases)
    assert cases >= 2_000


@pytest.mark.parametrize("kind", [StepKind.MODEL, StepKind.TOOL, StepKind.ASK])
async def test_whom_an_actor_asks_has_a_limit_of_its_own(kind: StepKind) -> None:
    run = SimpleNamespace(host=None, specialist=SimpleNamespace(retry=RetryPolicy(idle=MINUTE)))
    life = Life(cast("Net", SimpleNamespace(run=run)), Single(name="work", actor="worker"), "work")
    at_work(life, kind, 7)
    assert life.scope.deadline == float("inf")
    life.alive(8)
    assert life.scope.deadline < float("inf")


async def test_code_that_breaks_more_often_than_it_may_ends_as_a_dead_letter(simulate: Simulate) -> None:
    worker = Worker("one", "two", troubles={"two": [KeyError("x")] * 9})
    simulated = workspace(simulate, worker, retry={"crashes": 2})
    assert await ended(simulated) == (State.FAILED, "broken")
    async with simulated.up():
        assert "it crashed 2 times, last with KeyError: 'x'" in (await simulated.runs())[0].why
    assert worker.tried == {"one": 1, "two": 2}


async def test_code_that_breaks_less_often_than_it_may_goes_on(simulate: Simulate) -> None:
    worker = Worker("one", troubles={"one": [KeyError("x")]})
    assert await ended(workspace(simulate, worker, retry={"crashes": 2})) == (State.SUCCESS, "")


class Unwell(Scripted):
    """A model that breaks, or hangs, the first time."""

    def __init__(self, trouble: Any) -> None:
        super().__init__([DRAFT, DRAFT])
        self.trouble = trouble

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        trouble, self.trouble = self.trouble, None
        if isinstance(trouble, Exception):
            raise trouble
        if trouble is not None:
            await trouble()
        return await super().complete(request, alive)


@pytest.mark.parametrize("trouble", [KeyError("x"), anyio.sleep_forever], ids=["breaks", "hangs"])
async def test_a_model_call_that_came_to_nothing_is_made_again_and_both_are_paid(
    simulate: Simulate, trouble: Any
) -> None:
    models = {"small": "offline", "frontier": "scripted"}
    parts = {("model", "scripted"): Unwell(trouble)}
    simulated = simulate(models=models, tools=[], done_when=[], retry={"idle": "0.3s", "first": "1s"}, parts=parts)
    assert await ended(simulated) == (State.SUCCESS, "")
    async with simulated.up():
        calls = await accounts.calls_of_run(simulated.store, 1)
    assert [call.state for call in calls] == ["unknown", "answered"]
    assert calls[0].charged == calls[0].amount


class Shy:
    """Wraps a machine that cannot be looked at, or asked, the first time."""

    def __init__(self, machine: Any, method: str, trouble: Any) -> None:
        self._machine, self._method, self.trouble = machine, method, trouble

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._machine, name)
        if name != self._method:
            return found

        async def troubled(*arguments: Any) -> Any:
            trouble, self.trouble = self.trouble, None
            if isinstance(trouble, Exception):
                raise trouble
            if trouble is not None:
                await trouble()
            return await found(*arguments)

        return troubled


TROUBLES = pytest.mark.parametrize(
    "trouble", [Unavailable("nobody listens"), anyio.sleep_forever], ids=["fails", "hangs"]
)


@TROUBLES
async def test_a_tool_whose_preconditions_cannot_be_read_is_asked_again(
    simulate: Simulate, make_machine: Any, trouble: Any
) -> None:
    machine = Shy(make_machine(EffectClass.ONCE), "observe", trouble)
    simulated = workspace(simulate, Worker(tool="machine"), machine=machine, retry={"idle": "0.3s", "first": "1s"})
    assert await ended(simulated) == (State.SUCCESS, "")
    assert len(machine.calls) == 1


@TROUBLES
async def test_a_tool_that_cannot_be_probed_is_probed_again_before_anything_is_sent(
    simulate: Simulate, make_machine: Any, trouble: Any
) -> None:
    machine = Shy(make_machine(EffectClass.PROBED, "after"), "probe", trouble)
    simulated = workspace(simulate, Worker(tool="machine"), machine=machine, retry={"idle": "0.3s", "first": "1s"})
    assert await ended(simulated) == (State.SUCCESS, "")
    assert len(machine.calls) == 1
    async with simulated.up():
        [row] = await effects.of_run(simulated.store, 1)
    assert row.state is EffectState.DONE


async def test_at_a_gate_a_tool_that_cannot_be_looked_at_is_asked_again_and_the_approval_holds(
    simulate: Simulate, make_machine: Any
) -> None:
    machine = Shy(make_machine(EffectClass.ONCE), "observe", None)
    simulated = workspace(simulate, Worker(tool="machine"), machine=machine, policy={"machine": 2})
    await lived(simulated)
    async with simulated.up():
        machine.trouble = Unavailable("nobody listens")
        await simulated.approve((await simulated.open_gates())[0])
        assert (await simulated.runs())[0].state is State.PENDING
        await simulated.live(HOUR)
        assert await simulated.open_gates() == []
        assert (await simulated.runs())[0].outcome is Outcome.DONE


async def test_a_planner_that_hangs_ends_its_run_and_nothing_else(simulate: Simulate) -> None:
    class Dreaming(Again):
        async def plan(self, brief: Any) -> Any:
            if brief.items[0].item == "i1":
                await anyio.sleep_forever()
            return await super().plan(brief)

    simulated = workspace(simulate, Worker("one"), planner=Dreaming(), retry=SHORT)
    await lived(simulated)
    await drop_one(simulated, "later")
    async with simulated.up():
        await simulated.live(HOUR)
        rows = await simulated.runs()
    assert [(row.state, row.failure) for row in rows] == [(State.FAILED, "timeout"), (State.SUCCESS, "")]
