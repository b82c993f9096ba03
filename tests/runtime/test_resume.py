"""Killed at any moment, a run goes on from the step that it was in."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from platos.core.event import PlanMade, RunMoved
from platos.core.handoff import Artifact, HandOff, Work
from platos.core.instant import HOUR, MINUTE
from platos.core.item import ItemState
from platos.core.state import Outcome, State
from platos.ports.actor import Context
from platos.ports.model import ModelReply, ModelRequest
from platos.store import accounts
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

SLOT = 15 * MINUTE


class Quoting(Scripted):
    """A model that quotes the first document, and is never done at once."""

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        await anyio.lowlevel.checkpoint()
        reply = await super().complete(request, alive)
        await anyio.lowlevel.checkpoint()
        return reply


def quote(request: ModelRequest) -> str:
    first = request.documents[0]
    claim = {"text": "It says so.", "source": first.id, "quote": first.text.split(".")[0]}
    asked = request.answer["properties"]
    whole = {"title": "Upgrade", "claims": [claim], "note": ""}
    return json.dumps({name: value for name, value in whole.items() if name in asked})


def quoting(simulate: Simulate) -> tuple[SimulatedWorkspace, Quoting]:
    """Two signals that arrive together: two readers, an aggregator, a report through a gate."""
    model = Quoting(quote)
    models = {"small": "offline", "frontier": "quoting"}
    return simulate(models=models, parts={("model", "quoting"): model}), model


async def drop_two(simulated: SimulatedWorkspace) -> None:
    for name in ("a", "b"):
        await simulated.drop(f"inbox/{name}.txt", f"An advisory on {name}. Upgrade.")


async def finish(simulated: SimulatedWorkspace) -> None:
    """Start again, and approve whatever is asked."""
    async with simulated.up() as engine:
        await engine.rest()
        await simulated.live(SLOT)
        for gate in await simulated.open_gates():
            await simulated.approve(gate)
        await simulated.live(SLOT)


async def check_done_once(simulated: SimulatedWorkspace, model: Quoting) -> None:
    """All signals worked on, one plan and one report a run, and no answer that was received bought again."""
    async with simulated.up():
        rows = await simulated.runs()
        taken = [item for item in (await simulated.items("watch"))[ItemState.SIGNAL] if item.run]
        plans = [event for row in rows for event in await simulated.events(row.name) if isinstance(event, PlanMade)]
        calls = [call for row in rows for call in await accounts.calls_of_run(simulated.store, row.id)]
        every = await accounts.every(simulated.store)
    answered = Counter(call.step for call in calls if call.state == "answered")
    assert len(taken) == 2
    assert {row.outcome for row in rows} == {Outcome.DONE}
    assert len(plans) == len(rows)
    assert set(answered.values()) == {1}
    sent = [call for call in calls if call.state in ("answered", "unknown")]
    assert all(call.state == "failed" and call.charged == 0 for call in calls if call not in sent)
    assert len(answered) <= len(model.requests) <= len(sent)
    assert len(list(simulated.workspace.outbox.glob("*.md"))) == len(rows)
    assert all(account.reserved == 0 for account in every)


async def test_cut_off_at_any_write_before_the_gate_nothing_is_done_twice(
    simulate: Simulate, power_cut: Callable[[int], Any], record_cases: Callable[[str, int], None]
) -> None:
    number, cut = 0, True
    while cut:
        number += 1
        simulated, model = quoting(simulate)
        await drop_two(simulated)
        with power_cut(number) as power:
            async with simulated.up():
                await simulated.live(SLOT)
        cut = power.writes >= number
        await finish(simulated)
        await check_done_once(simulated, model)
    assert number > 15
    record_cases("crashes", number)


async def test_cut_off_at_any_write_after_the_approval_nothing_is_done_twice(
    simulate: Simulate, power_cut: Callable[[int], Any], record_cases: Callable[[str, int], None]
) -> None:
    number, cut = 0, True
    while cut:
        number += 1
        simulated, model = quoting(simulate)
        await drop_two(simulated)
        with power_cut(1_000_000):
            async with simulated.up():
                await simulated.live(SLOT)
                [gate] = await simulated.open_gates()
                with power_cut(number) as power:
                    await simulated.approve(gate)
        cut = power.writes >= number
        await finish(simulated)
        await check_done_once(simulated, model)
    assert number > 5
    record_cases("crashes", number)


@pytest.mark.parametrize("seed", range(12))
async def test_cancelled_at_random_moments_nothing_is_done_twice(
    simulate: Simulate, record_cases: Callable[[str, int], None], seed: int
) -> None:
    chance = random.Random(seed)
    simulated, model = quoting(simulate)
    await drop_two(simulated)
    cuts = 3
    for _ in range(cuts):
        async with simulated.up() as engine:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(engine.live, simulated.clock.now() + SLOT)
                for _ in range(chance.randrange(60)):
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
    await finish(simulated)
    await check_done_once(simulated, model)
    record_cases("crashes", cuts)


class Stepper:
    """An actor made of local steps and a report. What it does is what the test says that its code is now."""

    def __init__(self, *names: str, given: int = 1, report: bool = True) -> None:
        self.names, self.given, self.report = names, given, report
        self.done: list[str] = []

    async def act(self, context: Context, work: Work) -> HandOff:
        for name in self.names:
            await context.step(name, self.do, name, self.given, returns=str)
        if self.report:
            await context.call_tool("outbox", {"name": "report", "text": "text"}, why="it is due")
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by=context.signature), scope=())

    def do(self, name: str, given: int) -> str:
        self.done.append(name)
        return name


@pytest.fixture
def parked(simulate: Simulate, one_node: Any) -> Callable[[Stepper], Any]:
    """A workspace whose run waits at a gate, after the steps of a stepper."""

    async def make(stepper: Stepper) -> SimulatedWorkspace:
        parts = {("actor", "stepper"): stepper, ("planner", "one"): one_node("stepper", ("outbox",))}
        simulated = simulate(planner="one", done_when=[], parts=parts)
        await simulated.drop("inbox/note.txt", "An advisory.")
        async with simulated.up():
            await simulated.live(HOUR)
        return simulated

    return make


async def approve_with(simulated: SimulatedWorkspace, stepper: Stepper) -> RunMoved:
    """Change the code, approve, and where the run went."""
    simulated._parts["actor", "stepper"] = stepper
    async with simulated.up():
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
        return [event for event in await simulated.events("r1") if isinstance(event, RunMoved)][-1]


async def test_finished_steps_come_from_their_checkpoints(parked: Any) -> None:
    simulated, after = await parked(Stepper("one", "two")), Stepper("one", "two")
    assert (await approve_with(simulated, after)).outcome is Outcome.DONE
    assert after.done == []


async def test_a_step_that_is_new_after_the_finished_ones_is_done(parked: Any) -> None:
    simulated, after = await parked(Stepper("one")), Stepper("one", "two")
    assert (await approve_with(simulated, after)).outcome is Outcome.DONE
    assert after.done == ["two"]


async def test_a_step_that_is_given_something_else_parks_the_node(parked: Any) -> None:
    simulated, after = await parked(Stepper("one")), Stepper("one", given=2)
    moved = await approve_with(simulated, after)
    assert moved.new is State.NEEDS_REVIEW
    assert "code changed: r1:work:one was asked something else" in moved.why
    assert after.done == []


async def test_a_step_that_nobody_asks_for_any_more_parks_the_node(parked: Any) -> None:
    simulated, after = await parked(Stepper("one", "two")), Stepper("one")
    moved = await approve_with(simulated, after)
    assert moved.new is State.NEEDS_REVIEW
    assert "code changed: nobody asked for r1:work:two any more" in moved.why


async def test_a_report_that_is_not_asked_for_any_more_is_not_written(parked: Any) -> None:
    simulated, after = await parked(Stepper("one")), Stepper("one", report=False)
    moved = await approve_with(simulated, after)
    assert "code changed: nobody asked for r1:work:outbox any more" in moved.why
    assert not simulated.workspace.outbox.exists()
