"""What a person does with a run: it ends where it is, or is taken up again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from platos import Context, HandOff, Work
from platos.core.approval import GateState
from platos.core.effect import EffectClass, EffectState
from platos.core.event import ChainSealed, PlanMade, PlanRejected, RunMoved, StepMoved
from platos.core.instant import HOUR, MINUTE
from platos.core.plan import FanOut, Plan
from platos.core.state import FINAL, Outcome, State
from platos.errors import BadReasoning, Broken, InDoubt, InvalidTransition, NotFound, Unavailable, UsageError
from platos.ports.model import ModelReply, ModelRequest
from platos.ports.planner import Brief
from platos.store import accounts, effects, evidence, gates, runs, steps
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

from .workers import Again, Worker, drop_one, last_move, workspace

Simulate = Callable[..., SimulatedWorkspace]

ANA = "person:ana"
SLOT = 15 * MINUTE
MODELS = {"small": "offline", "frontier": "scripted"}


class Silent(Scripted):
    """A model that is asked, and does not answer until the test lets it."""

    def __init__(self) -> None:
        super().__init__([])
        self.may_answer = anyio.Event()

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        self.requests.append(request)
        await self.may_answer.wait()
        raise Unavailable("it was let go")


@asynccontextmanager
async def asked(simulated: SimulatedWorkspace, model: Scripted, times: int) -> AsyncIterator[None]:
    """The engine at work, until the model has been asked so often."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(simulated.engine.live, simulated.clock.now() + SLOT)
        while len(model.requests) < times:
            await anyio.lowlevel.checkpoint()
        yield
        tasks.cancel_scope.cancel()


# -- cancel


async def test_a_run_that_is_cancelled_in_a_model_call_has_ended_when_the_answer_comes(simulate: Simulate) -> None:
    model = Silent()
    simulated = simulate(models=MODELS, parts={("model", "scripted"): model})
    await drop_one(simulated)
    async with simulated.up() as engine, asked(simulated, model, 1):
        row = await engine.cancel(1, by=ANA, why="withdrawn")
        [call] = await accounts.calls_of_run(simulated.store, 1)
        every = await accounts.every(simulated.store)
        before = await simulated.events("r1")
        model.may_answer.set()
        await engine.rest()
        assert await simulated.events("r1") == before
        assert {step.state for step in await steps.of_run(simulated.store, 1)} <= FINAL
    assert (row.state, row.why) == (State.CANCELLED, f"cancelled by {ANA}: withdrawn")
    assert (call.state, call.charged) == ("unknown", call.amount)
    assert {account.reserved for account in every} == {0}


async def test_a_cancelled_runs_chain_is_sealed(simulate: Simulate) -> None:
    simulated = simulate()
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        await engine.cancel(1, by=ANA)
        length = len(await simulated.events("r1"))
        seals = [event for event in await simulated.events("system") if isinstance(event, ChainSealed)]
    assert [(seal.name, seal.length) for seal in seals] == [("r1", length)]


async def test_what_a_cancelled_run_asked_for_is_asked_no_more(simulate: Simulate) -> None:
    simulated = simulate()
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        [gate] = await simulated.open_gates()
        await engine.cancel(1, by=ANA)
        closed = await gates.find(simulated.store, gate.id)
        with pytest.raises(InvalidTransition):
            await simulated.approve(gate)
    assert (closed.state, closed.decider) == (GateState.WITHDRAWN, ANA)
    assert not simulated.workspace.outbox.exists()


async def test_what_a_cancelled_run_had_sent_without_an_answer_is_in_doubt(
    simulate: Simulate, make_machine: Any
) -> None:
    machine = make_machine(EffectClass.KEYED, "hang")
    simulated = workspace(simulate, Worker(tool="machine"), machine=machine)
    await drop_one(simulated)
    async with simulated.up() as engine, anyio.create_task_group() as tasks:
        tasks.start_soon(engine.live, simulated.clock.now() + SLOT)
        while not machine.calls:
            await anyio.lowlevel.checkpoint()
        await engine.cancel(1, by=ANA)
        [row] = await effects.of_run(simulated.store, 1)
        tasks.cancel_scope.cancel()
    assert row.state is EffectState.IN_DOUBT


async def test_cancelled_while_64_runs_are_busy_only_that_one_ends(simulate: Simulate) -> None:
    model = Silent()
    others = {f"watch-{number}": {"models": MODELS} for number in range(1, 64)}
    simulated = simulate(models=MODELS, others=others, parts={("model", "scripted"): model})
    await drop_one(simulated)
    async with simulated.up() as engine, asked(simulated, model, 64):
        row = await engine.cancel(17, by=ANA)
        left = await runs.open_runs(simulated.store)
    assert row.state is State.CANCELLED
    assert {each.state for each in left} == {State.RUNNING}
    assert {each.id for each in left} == {number for number in range(1, 65) if number != 17}


async def test_a_dead_letter_that_is_cancelled_is_laid_aside(simulate: Simulate) -> None:
    simulated = workspace(simulate, Worker("one", troubles={"one": [Broken("it is broken")]}))
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        assert [row.name for row in await runs.dead(simulated.store)] == ["r1"]
        assert (await engine.cancel(1, by=ANA)).state is State.CANCELLED
        assert await runs.dead(simulated.store) == []


async def test_a_run_that_ended_well_is_not_cancelled(simulate: Simulate) -> None:
    simulated = workspace(simulate, Worker("one"))
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        before = await simulated.events("r1")
        with pytest.raises(InvalidTransition, match="it ended: success") as refused:
            await engine.cancel(1, by=ANA)
        assert await simulated.events("r1") == before
    assert refused.value.hint == "platos show r1"


async def test_after_a_cancelled_run_the_next_signal_is_worked_on(simulate: Simulate) -> None:
    model = Silent()
    simulated = simulate(models=MODELS, parts={("model", "scripted"): model})
    await drop_one(simulated)
    async with simulated.up() as engine, asked(simulated, model, 1):
        await simulated.drop("inbox/later.txt", "An advisory on something else.")
        await engine.cancel(1, by=ANA)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(partial(engine.wake, "watch", by=ANA))
            while len(model.requests) < 2:
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
        assert (await simulated.runs())[0].state is State.CANCELLED


async def test_a_run_that_was_under_way_is_cancelled_before_it_goes_on(
    simulate: Simulate, power_cut: Callable[[int], Any]
) -> None:
    worker = Worker("one", "two")
    simulated = workspace(simulate, worker)
    await drop_one(simulated)
    with power_cut(1_000_000):
        async with simulated.up() as engine:
            with power_cut(6):
                await simulated.live(SLOT)
    before = worker.tried.copy()
    async with simulated.up() as engine:
        [row] = await simulated.runs()
        assert row.state is State.RUNNING
        await engine.cancel(1, by=ANA)
        await engine.rest()
        assert (await simulated.runs())[0].state is State.CANCELLED
    assert worker.tried == before


# -- retry


async def test_a_run_that_failed_is_tried_anew_and_what_it_had_finished_is_not(simulate: Simulate) -> None:
    worker = Worker("one", "two", "three", troubles={"three": [Broken("it is broken")]})
    simulated = workspace(simulate, worker)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        [dead] = await runs.dead(simulated.store)
        await engine.retry(1, by=ANA)
        await engine.rest()
        assert (await simulated.runs())[0].state is State.SUCCESS
    assert (dead.failure, dead.why) == ("broken", "work: broken: it is broken")
    assert worker.tried == {"one": 1, "two": 1, "three": 2}


async def test_a_retry_gives_all_attempts_again(simulate: Simulate) -> None:
    worker = Worker("one", troubles={"one": [Unavailable("nobody listens")] * 3})
    simulated = workspace(simulate, worker, retry={"attempts": 2})
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(HOUR)
        assert worker.tried["one"] == 2
        await engine.retry(1, by=ANA)
        await simulated.live(HOUR)
        assert (await simulated.runs())[0].state is State.SUCCESS
    assert worker.tried["one"] == 4


async def test_a_run_that_was_taken_up_again_can_fail_and_be_taken_up_again(simulate: Simulate) -> None:
    worker = Worker("one", troubles={"one": [Broken("it is broken")] * 2})
    simulated = workspace(simulate, worker)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        for state in (State.FAILED, State.SUCCESS):
            await engine.retry(1, by=ANA)
            await engine.rest()
            assert (await simulated.runs())[0].state is state
        chain = await simulated.events("r1")
        seals = [event for event in await simulated.events("system") if isinstance(event, ChainSealed)]
    assert [seal.length for seal in seals][-1] == len(chain)


async def test_a_run_that_waits_for_time_goes_on_now(simulate: Simulate) -> None:
    worker = Worker("one", troubles={"one": [Unavailable("nobody listens", retry_after=7_200)]})
    simulated = workspace(simulate, worker)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        [row] = await simulated.runs()
        assert row.due is not None
        await engine.retry(1, by=ANA)
        await engine.rest()
        assert (await simulated.runs())[0].state is State.SUCCESS
        assert simulated.clock.now() < row.due


class Halves(Worker):
    """Of its first item it makes a report, which somebody must allow; at its second it waits for another try."""

    async def act(self, context: Context, work: Work) -> HandOff:
        self.names, self.tool = ((), "outbox") if work.items[0].item == "i1" else (("one",), "")
        return await super().act(context, work)


class Fan(Again):
    """A planner that gives each item to a worker of its own."""

    async def plan(self, brief: Brief) -> Plan:
        made = await super().plan(brief)
        return Plan(root=FanOut(name="each", body=made.root), why=made.why, by=made.by)


async def test_an_answer_to_a_gate_does_not_hurry_a_sibling_that_waits_for_time(simulate: Simulate) -> None:
    worker = Halves(troubles={"one": [Unavailable("nobody listens", retry_after=7_200)]})
    gated = {"tools": ["outbox"], "policy": {"outbox": 2}}
    simulated = workspace(simulate, worker, planner=Fan("outbox"), **gated)
    for name in ("a", "b"):
        await drop_one(simulated, name)
    async with simulated.up():
        await simulated.live(SLOT)
        await simulated.approve((await simulated.open_gates())[0])
        [row] = await simulated.runs()
    assert (row.state, worker.tried["one"]) == (State.PENDING, 1)


class Late(Worker):
    """Does its effect first, and then its steps."""

    async def act(self, context: Context, work: Work) -> HandOff:
        await context.call_tool("machine", {"name": "report", "text": "text"}, why="it is due")
        return await super().act(context, work)


async def test_where_the_code_changed_the_run_is_planned_anew_and_no_effect_happens_twice(
    simulate: Simulate, make_machine: Any
) -> None:
    machine = make_machine(EffectClass.ONCE)
    worker = Late("one", troubles={"one": [Unavailable("nobody listens")]})
    simulated = workspace(simulate, worker, machine=machine)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.wake("watch", by=ANA)
        worker.given = 2
        await simulated.live(HOUR)
        assert (await last_move(simulated)).waits == ("code changed",)
        await engine.retry(1, by=ANA)
        await engine.rest()
        [row] = await simulated.runs()
        told = await simulated.events("r1")
    assert row.outcome is Outcome.DONE
    assert [event.revision for event in told if isinstance(event, PlanMade)] == [1, 2]
    assert len(machine.calls) == 1


async def test_where_the_reasoning_was_at_fault_a_retry_plans_anew(simulate: Simulate) -> None:
    worker, planner = Worker("one", troubles={"one": [BadReasoning("it does not hold")] * 3}), Again()
    simulated = workspace(simulate, worker, planner=planner)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        assert (await simulated.runs())[0].failure == "bad_reasoning"
        await engine.retry(1, by=ANA)
        await engine.rest()
        assert (await simulated.runs())[0].state is State.SUCCESS
    assert len(planner.briefs) == 4


async def test_a_run_without_a_plan_is_planned_when_it_is_taken_up(simulate: Simulate) -> None:
    class Unready(Again):
        async def plan(self, brief: Brief) -> Plan:
            made = await super().plan(brief)
            if len(self.briefs) == 1:
                raise KeyError("not yet")
            return made

    simulated = workspace(simulate, Worker("one"), planner=Unready())
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        [dead] = await runs.dead(simulated.store)
        await engine.retry(1, by=ANA)
        await engine.rest()
        assert (await simulated.runs())[0].state is State.SUCCESS
    assert (dead.failure, dead.why) == ("broken", "no plan: KeyError: 'not yet'")


# -- in doubt


@pytest.fixture
def in_doubt(simulate: Simulate, make_machine: Any) -> Callable[[], Any]:
    """A run whose one effect was sent, cannot be asked for, and had no answer."""

    async def make() -> tuple[SimulatedWorkspace, Any]:
        machine = make_machine(EffectClass.ONCE, "after")
        simulated = workspace(simulate, Worker(tool="machine"), machine=machine, done_when=[{"receipt": "machine"}])
        await drop_one(simulated)
        async with simulated.up():
            await simulated.live(SLOT)
        return simulated, machine

    return make


async def test_what_a_person_found_done_is_not_sent_again_and_is_its_own_proof(in_doubt: Any) -> None:
    simulated, machine = await in_doubt()
    async with simulated.up() as engine:
        await engine.rest()
        await engine.retry(1, by=ANA, happened=True)
        await engine.rest()
        [row] = await simulated.runs()
        [(_, proof, _)] = await evidence.of_run(simulated.store, 1)
    assert (row.state, row.outcome) == (State.SUCCESS, Outcome.DONE)
    assert proof.what == f"{ANA} looked: it happened"
    assert len(machine.calls) == 1


async def test_what_a_person_found_not_done_is_sent_once_more_with_the_same_bytes(in_doubt: Any) -> None:
    simulated, machine = await in_doubt()
    async with simulated.up() as engine:
        await engine.rest()
        await engine.retry(1, by=ANA, happened=False)
        await engine.rest()
        assert (await simulated.runs())[0].outcome is Outcome.DONE
    assert len(machine.calls) == 2
    assert len(set(machine.calls)) == 1


async def test_in_doubt_without_an_answer_is_refused_with_both_ways_on(in_doubt: Any) -> None:
    simulated, _ = await in_doubt()
    async with simulated.up() as engine:
        await engine.rest()
        with pytest.raises(UsageError, match="machine is in doubt: the line broke") as refused:
            await engine.retry(1, by=ANA)
    assert "platos retry r1 --happened, or platos retry r1 --not-happened" in refused.value.hint


async def test_of_two_in_doubt_one_answer_is_about_the_older(simulate: Simulate, make_machine: Any) -> None:
    class Twice(Worker):
        async def act(self, context: Context, work: Work) -> HandOff:
            for name in ("first", "second"):
                try:
                    await context.call_tool("machine", {"name": name, "text": "text"}, why="it is due")
                except InDoubt as error:
                    doubt = error
            raise doubt

    machine = make_machine(EffectClass.ONCE, "after", "after")
    simulated = workspace(simulate, Twice(), machine=machine)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        await engine.retry(1, by=ANA, happened=True)
        rows = await effects.of_run(simulated.store, 1)
    assert [row.state for row in rows] == [EffectState.DONE, EffectState.IN_DOUBT]


async def test_an_answer_where_nothing_is_in_doubt_is_refused(simulate: Simulate) -> None:
    simulated = workspace(simulate, Worker("one", troubles={"one": [Broken("it is broken")]}))
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        with pytest.raises(UsageError, match="nothing of it is in doubt"):
            await engine.retry(1, by=ANA, happened=True)
        assert (await simulated.runs())[0].state is State.FAILED


# -- refused, and cut off


async def test_a_run_that_waits_at_a_gate_is_not_taken_up_past_it(simulate: Simulate) -> None:
    simulated = simulate()
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        with pytest.raises(UsageError, match="it waits for the answer to g1") as refused:
            await engine.retry(1, by=ANA)
    assert refused.value.hint == "platos approve g1, or platos deny g1"


async def test_a_run_at_work_is_left_at_work(simulate: Simulate) -> None:
    model = Silent()
    simulated = simulate(models=MODELS, parts={("model", "scripted"): model})
    await drop_one(simulated)
    async with simulated.up() as engine, asked(simulated, model, 1):
        with pytest.raises(InvalidTransition, match="it is at work"):
            await engine.retry(1, by=ANA)
        [call] = await accounts.calls_of_run(simulated.store, 1)
    assert call.state == "held"


@pytest.mark.parametrize("state", [State.SUCCESS, State.CANCELLED])
async def test_a_run_that_ended_otherwise_than_by_failing_is_not_taken_up(simulate: Simulate, state: State) -> None:
    simulated = workspace(simulate, Worker("one", troubles={"one": [Broken("it is broken")] * (state != "success")}))
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        if state is State.CANCELLED:
            await engine.cancel(1, by=ANA)
        with pytest.raises(InvalidTransition, match=f"it ended: {state}"):
            await engine.retry(1, by=ANA)


async def test_a_run_that_is_not_there_is_told(simulate: Simulate) -> None:
    async with simulate().up() as engine:
        with pytest.raises(NotFound):
            await engine.retry(7, by=ANA)
        with pytest.raises(NotFound):
            await engine.cancel(7, by=ANA)


async def test_a_run_of_a_paused_specialist_is_not_taken_up(simulate: Simulate) -> None:
    simulated = workspace(simulate, Worker("one", troubles={"one": [Broken("it is broken")]}))
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        await engine.pause("watch", by=ANA)
        with pytest.raises(UsageError, match="watch is paused") as refused:
            await engine.retry(1, by=ANA)
    assert refused.value.hint == "platos resume watch"


async def test_cut_off_right_after_a_retry_the_next_process_goes_on_with_it(simulate: Simulate) -> None:
    worker = Worker("one", "two", troubles={"two": [Broken("it is broken")]})
    simulated = workspace(simulate, worker)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        await engine.retry(1, by=ANA)
    async with simulated.up() as engine:
        await engine.rest()
        assert (await simulated.runs())[0].state is State.SUCCESS
    assert worker.tried == {"one": 1, "two": 2}


async def test_a_second_retry_right_after_the_first_is_refused(simulate: Simulate) -> None:
    simulated = workspace(simulate, Worker("one", troubles={"one": [Broken("it is broken")]}))
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        await engine.retry(1, by=ANA)
        with pytest.raises(InvalidTransition, match="it is at work"):
            await engine.retry(1, by=ANA)
        told = await simulated.events("r1")
    assert [event.new for event in told if isinstance(event, RunMoved) and event.by == ANA] == [
        State.PENDING,
        State.RUNNING,
    ]


async def test_a_plan_that_is_given_up_leaves_no_step_open(simulate: Simulate, make_machine: Any) -> None:
    machine = make_machine(EffectClass.ONCE, "after")
    worker = Worker("one", tool="machine")
    simulated = workspace(simulate, worker, machine=machine)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        worker.given = 2
    async with simulated.up() as engine:
        await engine.rest()
        assert (await last_move(simulated)).waits == ("code changed",)
        await engine.retry(1, by=ANA, happened=True)
        await engine.rest()
        told = await simulated.events("r1")
        assert (await simulated.runs())[0].state is State.SUCCESS
    assert {step.state for step in steps.last_words(told).values()} <= FINAL
    assert [type(event) for event in told if isinstance(event, PlanRejected | PlanMade)] == [
        PlanMade,
        PlanRejected,
        PlanMade,
    ]
    assert [event.state for event in told if isinstance(event, StepMoved) and event.revision == 1][-1] in FINAL
