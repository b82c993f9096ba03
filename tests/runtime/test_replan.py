"""Planned again: where the reasoning was at fault or the world is not what it was, a bounded number of times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos import Artifact, Context, HandOff, Status, Work
from platos.core.effect import EffectClass, Receipt
from platos.core.event import PlanMade, PlanRejected, RunMoved
from platos.core.instant import DAY, HOUR
from platos.core.plan import Loop, Plan, Sequence, Single
from platos.core.state import Outcome, State
from platos.errors import BadReasoning, StaleWorld
from platos.ports.planner import Brief
from platos.runtime.net import MOST_REPLANS
from platos.store import Tx, journal, runs
from platos.testing.workspace import START, SimulatedWorkspace

from .conftest import PowerCut
from .workers import Again, Worker, drop_one, workspace

Simulate = Callable[..., SimulatedWorkspace]

WRONG = BadReasoning("it does not hold")


class Acting(Worker):
    """Does its effect first, and then its steps."""

    async def act(self, context: Context, work: Work) -> HandOff:
        await context.call_tool("machine", {"name": "report", "text": "text"}, why="it is due")
        return await super().act(context, work)


async def plans_of(simulated: SimulatedWorkspace) -> list[tuple[type, int]]:
    """The run's plans and rejections, in order."""
    told = await simulated.events("r1")
    return [(type(event), event.revision) for event in told if isinstance(event, PlanMade | PlanRejected)]


async def lived(simulated: SimulatedWorkspace) -> SimulatedWorkspace:
    """An hour with one signal."""
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(HOUR)
    return simulated


async def test_bad_reasoning_is_planned_again_with_the_reason(simulate: Simulate) -> None:
    planner = Again()
    simulated = await lived(workspace(simulate, Worker("one", troubles={"one": [WRONG]}), planner=planner))
    async with simulated.up():
        assert (await simulated.runs())[0].state is State.SUCCESS
        assert await plans_of(simulated) == [(PlanMade, 1), (PlanRejected, 1), (PlanMade, 2)]
    assert [brief.again for brief in planner.briefs] == ["", "it does not hold"]


async def test_the_plan_before_is_no_context_for_the_next(simulate: Simulate) -> None:
    worker = Worker("one", "two", troubles={"two": [WRONG]})
    simulated = await lived(workspace(simulate, worker))
    assert worker.done == {"one": 2, "two": 1}
    async with simulated.up():
        assert (await simulated.runs())[0].revision == 2


async def test_what_was_done_is_shown_to_the_planner_and_not_done_twice(simulate: Simulate, make_machine: Any) -> None:
    machine, planner = make_machine(EffectClass.ONCE), Again("machine")
    worker = Acting("one", troubles={"one": [WRONG]})
    simulated = await lived(workspace(simulate, worker, machine=machine, planner=planner))
    async with simulated.up():
        assert (await simulated.runs())[0].outcome is Outcome.DONE
    assert [set(brief.receipts) for brief in planner.briefs] == [set(), {"machine"}]
    assert len(machine.calls) == 1


async def test_after_the_last_plan_it_is_a_dead_letter(simulate: Simulate) -> None:
    worker, planner = Worker("one", troubles={"one": [WRONG] * 9}), Again()
    simulated = await lived(workspace(simulate, worker, planner=planner))
    async with simulated.up():
        [row] = await simulated.runs()
    assert (row.state, row.failure) == (State.FAILED, "bad_reasoning")
    assert len(planner.briefs) == 1 + MOST_REPLANS == 3


class Refusing:
    """A critic that accepts nothing until it has looked so often."""

    def __init__(self, refuses: int) -> None:
        self.refuses = refuses

    async def act(self, context: Context, work: Work) -> HandOff:
        self.refuses -= 1
        made = Artifact(kind="review", title="Review", claims=(), by=context.signature)
        return context.hand_off(made, scope=(), status=Status.REJECTED if self.refuses >= 0 else Status.VERIFIED)


class Looping(Again):
    """A planner of a loop of two rounds, and of a report on what it made."""

    async def plan(self, brief: Brief) -> Plan:
        self.briefs.append(brief)
        critic = Single(name="review", actor="critic")
        loop = Loop(name="until", body=Single(name="draft", actor="worker"), until=critic, rounds=2)
        root = Sequence(name="work", nodes=(loop, Single(name="report", actor="reporter", tools=("machine",))))
        return Plan(root=root, why="it is looked at", by="looping")


@pytest.fixture
def looping(simulate: Simulate, make_machine: Any) -> Callable[[int], Any]:
    """A workspace whose critic refuses so often; its planner, and the machine that the report goes through."""

    def make(refuses: int) -> tuple[SimulatedWorkspace, Looping, Any]:
        planner, machine = Looping("machine"), make_machine(EffectClass.ONCE)
        simulated = workspace(simulate, Worker("one"), machine=machine, planner=planner)
        simulated._parts["actor", "critic"] = Refusing(refuses)
        simulated._parts["actor", "reporter"] = Worker(tool="machine")
        return simulated, planner, machine

    return make


async def test_a_loop_that_is_never_accepted_is_planned_again(looping: Any) -> None:
    simulated, planner, machine = looping(2)
    await lived(simulated)
    async with simulated.up():
        assert (await simulated.runs())[0].outcome is Outcome.DONE
    assert [brief.again for brief in planner.briefs] == [
        "",
        "its body made again what its critic had rejected in 2 rounds",
    ]
    assert len(machine.calls) == 1


async def test_what_the_last_plan_made_goes_on_rejected_and_a_person_is_asked(looping: Any) -> None:
    simulated, planner, machine = looping(99)
    await lived(simulated)
    async with simulated.up():
        [gate] = await simulated.open_gates()
        assert gate.request.rule == "hand-off: its critic did not accept it"
        assert machine.calls == []
        await simulated.approve(gate)
        assert (await simulated.runs())[0].outcome is Outcome.DONE
    assert len(planner.briefs) == 1 + MOST_REPLANS
    assert len(machine.calls) == 1


class Stale:
    """Wraps a machine: the world changes right before the first calls."""

    def __init__(self, machine: Any, times: int) -> None:
        self.machine, self.times = machine, times

    def __getattr__(self, name: str) -> Any:
        return getattr(self.machine, name)

    async def call(self, arguments: Any, key: str) -> Receipt:
        self.times -= 1
        if self.times >= 0:
            raise StaleWorld("the page has another version now")
        receipt: Receipt = await self.machine.call(arguments, key)
        return receipt


async def test_where_the_world_is_not_what_it_was_it_is_planned_again(simulate: Simulate, make_machine: Any) -> None:
    machine, planner = Stale(make_machine(EffectClass.ONCE), 1), Again("machine")
    simulated = await lived(workspace(simulate, Worker(tool="machine"), machine=machine, planner=planner))
    async with simulated.up():
        assert (await simulated.runs())[0].outcome is Outcome.DONE
    assert [brief.again for brief in planner.briefs] == ["", "the page has another version now"]
    assert len(machine.calls) == 1


async def test_a_world_that_never_holds_still_ends_as_a_dead_letter(simulate: Simulate, make_machine: Any) -> None:
    machine = Stale(make_machine(EffectClass.ONCE), 99)
    simulated = await lived(workspace(simulate, Worker(tool="machine"), machine=machine))
    async with simulated.up():
        [row] = await simulated.runs()
    assert (row.state, row.failure) == (State.FAILED, "stale_world")
    assert machine.calls == []


class CutOff(Again):
    """A planner in whose second answer the process ends."""

    async def plan(self, brief: Brief) -> Plan:
        made = await super().plan(brief)
        if len(self.briefs) == 2:
            raise PowerCut
        return made


async def test_cut_off_between_the_rejection_and_the_next_plan_it_is_planned_once_more(
    simulate: Simulate, make_machine: Any, power_cut: Callable[[int], Any]
) -> None:
    machine, planner = make_machine(EffectClass.ONCE), CutOff("machine")
    worker = Acting("one", troubles={"one": [WRONG]})
    simulated = workspace(simulate, worker, machine=machine, planner=planner)
    with power_cut(1_000_000):
        await lived(simulated)
    async with simulated.up() as engine:
        await engine.rest()
        assert (await simulated.runs())[0].outcome is Outcome.DONE
        assert await plans_of(simulated) == [(PlanMade, 1), (PlanRejected, 1), (PlanMade, 2)]
    assert planner.briefs[1] == planner.briefs[2]
    assert len(machine.calls) == 1


async def test_cut_off_at_any_write_it_is_planned_again_as_often_as_it_may(
    simulate: Simulate, make_machine: Any, power_cut: Callable[[int], Any], record_cases: Callable[[str, int], None]
) -> None:
    number, cut = 0, True
    while cut:
        number += 1
        machine = make_machine(EffectClass.PROBED)
        simulated = workspace(simulate, Acting("one", troubles={"one": [WRONG] * 2}), machine=machine)
        with power_cut(number) as power:
            await lived(simulated)
        cut = power.writes >= number
        async with simulated.up():
            await simulated.live(HOUR)
            assert (await simulated.runs())[0].outcome is Outcome.DONE
            plans = await plans_of(simulated)
        assert (
            plans == [(PlanMade, 1), (PlanRejected, 1), (PlanMade, 2), (PlanRejected, 2), (PlanMade, 3)][: len(plans)]
        )
        assert len(machine.applied) == 1
    assert number > 20
    record_cases("crashes", number)


class ChangesItsMind:
    """Asks for a tool, and when it is taken up again goes round in circles."""

    lives = 0

    async def act(self, context: Context, work: Work) -> HandOff:
        self.lives += 1
        if self.lives > 1:
            raise WRONG
        await context.call_tool("machine", {"name": "a", "text": "b"}, why="it is ready")
        return context.hand_off(Artifact(kind="report", title="a", claims=(), by=context.signature), scope=())


async def test_a_gate_of_a_plan_that_was_rejected_asks_nobody_and_does_not_expire_after_its_run(
    simulate: Simulate, make_machine: Any, one_node: Any
) -> None:
    parts = {
        ("actor", "fickle"): ChangesItsMind(),
        ("planner", "one-node"): one_node("fickle", ("machine",)),
        ("tool", "machine"): make_machine(EffectClass.PROBED),
    }
    changes = {"tools": ["machine"], "planner": "one-node", "done_when": [], "approval_expires": "4h"}
    simulated = simulate(parts=parts, policy={"machine": 2}, **changes)
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(HOUR)
        assert await simulated.open_gates()
    async with simulated.up() as engine:
        await simulated.store.transact(as_a_crash_leaves_it, 1)
        engine.go_on("watch")
        await simulated.live(DAY)
        assert not await simulated.open_gates()
        assert (await simulated.runs())[0].state is State.FAILED


def as_a_crash_leaves_it(tx: Tx, run: int) -> None:
    """The run was at work."""
    old = runs.state_of(tx, run)
    again = RunMoved(at=START + HOUR, run=run, old=old, new=State.RUNNING, why="a new process looks again")
    tx.record(journal.run_chain(run), again)
