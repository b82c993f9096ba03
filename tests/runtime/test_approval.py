"""An approval is for exactly what was shown: where any of it changed since, it is asked again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos.core.approval import GateState
from platos.core.effect import EffectClass
from platos.core.instant import HOUR, MINUTE
from platos.core.state import Outcome, State
from platos.store import gates
from platos.testing.workspace import SimulatedWorkspace
from platos.tools.outbox import Report

Simulate = Callable[..., SimulatedWorkspace]

GATED = {"tools": ["machine"], "policy": {"machine": 2}, "done_when": [{"receipt": "machine"}]}


@pytest.fixture
def gated(simulate: Simulate) -> Callable[[Any], Any]:
    """A workspace whose one signal waits at the gate of a machine."""

    async def make(machine: Any, **changes: Any) -> SimulatedWorkspace:
        simulated = simulate(**{**GATED, **changes}, parts={("tool", "machine"): machine})
        await simulated.drop("inbox/note.txt", "An advisory.")
        async with simulated.up():
            await simulated.live(15 * MINUTE)
        return simulated

    return make


@pytest.fixture
def machine(make_machine: Any) -> Any:
    return make_machine(EffectClass.ONCE)


async def approve_all(simulated: SimulatedWorkspace) -> list[gates.GateRow]:
    """Approve what is open; the gates that are open then."""
    for gate in await simulated.open_gates():
        await simulated.approve(gate)
    return await simulated.open_gates()


async def test_what_is_approved_and_unchanged_runs_once(gated: Any, machine: Any) -> None:
    simulated = await gated(machine)
    async with simulated.up():
        assert await approve_all(simulated) == []
        assert (await gates.find(simulated.store, 1)).state is GateState.USED
    assert len(machine.applied) == 1


async def test_where_a_precondition_changed_it_is_asked_again(gated: Any, machine: Any) -> None:
    simulated = await gated(machine)
    machine.world = {"folder": "another"}
    async with simulated.up():
        [again] = await approve_all(simulated)
        assert again.request.preconditions == {"folder": "another"}
        assert machine.calls == []
        assert await approve_all(simulated) == []
    assert len(machine.applied) == 1


async def test_where_the_owner_changed_the_policy_it_is_asked_again(
    gated: Any, machine: Any, describe: Callable[..., str]
) -> None:
    simulated = await gated(machine)
    async with simulated.up() as engine:
        await simulated.drop("specialists/watch.md", describe(**{**GATED, "policy": {"machine": 1}}))
        await engine.refresh()
        [again] = await approve_all(simulated)
        assert again.request.rule == "policy: machine has risk tier 1"
    assert machine.calls == []


async def test_where_the_owner_took_the_tool_away_it_is_not_called(
    gated: Any, machine: Any, describe: Callable[..., str]
) -> None:
    simulated = await gated(machine)
    async with simulated.up() as engine:
        await simulated.drop("specialists/watch.md", describe(tools=[], done_when=[]))
        await engine.refresh()
        assert await approve_all(simulated) == []
        [run] = await simulated.runs()
    assert run.state is State.CANCELLED
    assert machine.calls == []


async def test_where_the_tool_declares_another_contract_the_old_approval_dispatches_nothing(
    gated: Any, machine: Any, make_machine: Any
) -> None:
    class Louder(Report):
        volume: int = 11

    simulated = await gated(machine)
    loud = type("Loud", (make_machine,), {"Arguments": Louder})(EffectClass.ONCE)
    simulated._parts["tool", "machine"] = loud
    async with simulated.up():
        await approve_all(simulated)
        [run] = await simulated.runs()
    assert run.state is State.NEEDS_REVIEW
    assert loud.calls == machine.calls == []


async def test_where_only_the_code_changed_the_approval_holds(gated: Any, machine: Any, make_machine: Any) -> None:
    simulated = await gated(machine)
    rewritten = type("Rewritten", (make_machine,), {"__doc__": "Other code."})(EffectClass.ONCE)
    simulated._parts["tool", "machine"] = rewritten
    async with simulated.up():
        assert await approve_all(simulated) == []
        assert (await simulated.runs())[0].outcome is Outcome.DONE
    assert len(rewritten.applied) == 1


async def test_an_approval_survives_an_attempt_that_was_provably_not_sent(gated: Any, make_machine: Any) -> None:
    machine = make_machine(EffectClass.ONCE, "before")
    simulated = await gated(machine)
    async with simulated.up():
        await approve_all(simulated)
        await simulated.live(HOUR)
        assert (await simulated.runs())[0].outcome is Outcome.DONE
        assert len(await gates.of_run(simulated.store, 1)) == 1
    assert len(machine.applied) == 1


async def test_an_approval_that_is_given_right_before_the_end_is_acted_on_by_the_next_process(
    gated: Any, machine: Any
) -> None:
    simulated = await gated(machine)
    async with simulated.up():
        [gate] = await simulated.open_gates()
        await simulated.engine.decide(gate.id, GateState.APPROVED, by="person:test")
    async with simulated.up() as engine:
        await engine.rest()
        assert await simulated.open_gates() == []
    assert len(machine.applied) == 1


async def test_a_review_trigger_asks_although_policy_would_not(gated: Any, machine: Any) -> None:
    simulated = await gated(machine, policy={"machine": 0}, review=["items >= 1"])
    async with simulated.up():
        [gate] = await simulated.open_gates()
    assert gate.request.rule == "review: items >= 1"
