"""The story, from a signal to a run that is closed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import pytest
from pydantic import BaseModel

from platos.core.effect import EffectClass, EffectState, Receipt
from platos.core.event import ChainSealed, RunMoved
from platos.core.instant import DAY, HOUR, MINUTE
from platos.core.plan import FanOut, Loop, Sequence, Single
from platos.core.state import Outcome, State
from platos.errors import InvalidTransition
from platos.store import effects, evidence, runs, steps
from platos.testing.workspace import SimulatedWorkspace
from platos.tools.outbox import Report

Simulate = Callable[..., SimulatedWorkspace]

ADVISORY = "An advisory. Version 2 of quartz is affected. Upgrade to version 3."
LONG = ADVISORY + " This is known since spring." * 200


class WipedBoard:
    """A tool that writes on a board, which is wiped at once."""

    effect: ClassVar[EffectClass] = EffectClass.PROBED
    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False
    Arguments: ClassVar[type[BaseModel]] = Report

    async def call(self, arguments: Report, key: str) -> Receipt:
        return Receipt(summary="written")

    async def probe(self, arguments: Report, key: str) -> Receipt | None:
        return None

    async def observe(self, arguments: Report) -> dict[str, str]:
        return {}


async def drop_all(simulated: SimulatedWorkspace, *texts: str) -> None:
    for number, text in enumerate(texts):
        await simulated.drop(f"inbox/{number}.txt", text)


async def test_a_signal_leads_to_a_report_that_waits_for_a_person(simulate: Simulate) -> None:
    simulated = simulate()
    await drop_all(simulated, ADVISORY)
    async with simulated.up():
        await simulated.live(HOUR)
        [run] = await simulated.runs()
        [gate] = await simulated.open_gates()
        assert (run.state, run.why) == (State.NEEDS_REVIEW, "g1: approval of outbox")
        assert "quartz" in gate.request.arguments["text"]
        assert not list(simulated.workspace.outbox.glob("*"))


async def test_an_approved_report_is_written_as_it_was_shown(simulate: Simulate) -> None:
    simulated = simulate()
    await drop_all(simulated, ADVISORY)
    async with simulated.up():
        await simulated.live(HOUR)
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
    [report] = simulated.workspace.outbox.glob("*.md")
    assert report.read_text() == gate.request.arguments["text"]


async def test_a_run_is_done_when_its_evidence_says_so(simulate: Simulate) -> None:
    simulated = simulate()
    await drop_all(simulated, ADVISORY)
    async with simulated.up():
        await simulated.live(HOUR)
        await simulated.approve((await simulated.open_gates())[0])
        [run] = await simulated.runs()
        [(_, proof, _)] = await evidence.of_run(simulated.store, run.id)
        [effect] = await effects.of_run(simulated.store, run.id)
        closing = (await simulated.events("r1"))[-1]
    assert (run.state, run.outcome) == (State.SUCCESS, Outcome.DONE)
    assert effect.state is EffectState.DONE
    assert proof.receipt == effect.receipt
    assert isinstance(closing, RunMoved)
    assert [str(each.check) for each in closing.checks if each.passed] == ["receipt: outbox", "cited"]


async def test_closing_seals_the_chain_of_the_run(simulate: Simulate) -> None:
    simulated = simulate()
    await drop_all(simulated, ADVISORY)
    async with simulated.up():
        await simulated.live(HOUR)
        await simulated.approve((await simulated.open_gates())[0])
        chain = await simulated.events("r1")
        seals = [event for event in await simulated.events("system") if isinstance(event, ChainSealed)]
    assert [(seal.name, seal.length) for seal in seals] == [("r1", len(chain))]


async def test_one_small_item_is_drafted_by_one_actor(simulate: Simulate) -> None:
    root = await planned(simulate(), ADVISORY)
    assert isinstance(root, Sequence)
    assert [type(node) for node in root.nodes] == [Single, Single]


async def test_several_items_fan_out_one_branch_each(simulate: Simulate) -> None:
    simulated = simulate(policy={"outbox": 0})
    root = await planned(simulated, ADVISORY, ADVISORY + " Again.", ADVISORY + " And again.")
    assert isinstance(root, Sequence)
    assert isinstance(root.nodes[0], FanOut)
    async with simulated.up():
        made = await steps.of_run(simulated.store, 1)
        [run] = await simulated.runs()
    branches = {step.path for step in made if step.name == "node" and "each[" in step.path}
    assert branches == {f"work/each[i{number}]/read" for number in (1, 2, 3)}
    assert run.outcome is Outcome.DONE


async def test_a_large_item_is_drafted_until_a_critic_accepts(simulate: Simulate) -> None:
    simulated = simulate(policy={"outbox": 0})
    root = await planned(simulated, LONG)
    assert isinstance(root, Sequence)
    assert isinstance(root.nodes[0], Loop)
    async with simulated.up():
        paths = {step.path for step in await steps.of_run(simulated.store, 1)}
        [run] = await simulated.runs()
    assert {"work/until_accepted[1]/draft", "work/until_accepted[1]/review"} <= paths
    assert run.state is not State.FAILED


async def planned(simulated: SimulatedWorkspace, *texts: str) -> object:
    await drop_all(simulated, *texts)
    async with simulated.up():
        await simulated.live(HOUR)
        [plan] = await runs.plans(simulated.store, 1)
        return plan.root


async def test_a_report_that_is_gone_when_it_is_verified_is_not_done(simulate: Simulate) -> None:

    board = {"tools": ["board"], "policy": {"board": 0}, "done_when": [{"receipt": "board"}]}
    simulated = simulate(**board, parts={("tool", "board"): WipedBoard()})
    await drop_all(simulated, ADVISORY)
    async with simulated.up():
        await simulated.live(HOUR)
        [run] = await simulated.runs()
    assert (run.state, run.outcome) == (State.SUCCESS, Outcome.COMPLETED_UNUSABLE)
    assert run.why == "receipt: board: it is not there any more"


async def test_what_is_denied_is_never_written(simulate: Simulate) -> None:
    simulated = simulate()
    await drop_all(simulated, ADVISORY)
    async with simulated.up():
        await simulated.live(HOUR)
        await simulated.deny((await simulated.open_gates())[0], reason="not now")
        await simulated.live(DAY)
        [run] = await simulated.runs()
    assert run.state is State.CANCELLED
    assert "not now" in run.why
    assert not simulated.workspace.outbox.exists()


async def test_a_gate_that_nobody_answers_expires_and_says_so(simulate: Simulate) -> None:
    simulated = simulate(approval_expires="2d")
    await drop_all(simulated, ADVISORY)
    async with simulated.up():
        await simulated.live(DAY)
        assert [run.state for run in await simulated.runs()] == [State.NEEDS_REVIEW]
        await simulated.live(2 * DAY)
        [run] = await simulated.runs()
    assert run.state is State.CANCELLED
    assert "nobody answered in time" in run.why


async def test_after_a_gate_expired_the_next_signal_gets_a_run_of_its_own(simulate: Simulate) -> None:
    simulated = simulate(approval_expires="1h")
    await drop_all(simulated, ADVISORY)
    async with simulated.up():
        await simulated.live(3 * HOUR)
        await simulated.drop("inbox/later.txt", ADVISORY + " Later.")
        await simulated.live(15 * MINUTE)
        assert [run.state for run in await simulated.runs()] == [State.CANCELLED, State.NEEDS_REVIEW]


async def test_an_answer_is_given_once(simulate: Simulate) -> None:
    simulated = simulate()
    await drop_all(simulated, ADVISORY)
    async with simulated.up():
        await simulated.live(HOUR)
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
        with pytest.raises(InvalidTransition):
            await simulated.deny(gate)


async def test_a_specialist_without_tools_ends_with_what_it_made(simulate: Simulate) -> None:
    simulated = simulate(tools=[], done_when=["cited"])
    await drop_all(simulated, ADVISORY)
    async with simulated.up():
        await simulated.live(HOUR)
        [run] = await simulated.runs()
    assert (run.state, run.outcome) == (State.SUCCESS, Outcome.DONE)
