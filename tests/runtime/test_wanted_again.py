"""An act that a person took back, and that an open run asks for again: another act, and they are asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from platos import Artifact, Context, HandOff, Work
from platos.core.effect import EffectClass, EffectState, again_key, undo_key
from platos.core.instant import MINUTE
from platos.core.state import Outcome, State
from platos.errors import BadReasoning, InDoubt
from platos.store import effects, evidence, gates, runs
from platos.testing.workspace import SimulatedWorkspace

from .workers import Again, drop_one, workspace

Simulate = Callable[..., SimulatedWorkspace]

ANA, SLOT = "person:ana", 15 * MINUTE


class Insisting:
    """Writes a file, asks for a report, and writes the same file again, after each of so many reports."""

    def __init__(self, times: int = 1) -> None:
        self.times, self.said = times, list[str]()

    async def act(self, context: Context, work: Work) -> HandOff:
        for number in range(self.times + 1):
            told = await context.call_tool("file", {"path": "a.md", "text": "new\n"}, why="it is due")
            self.said.append(told.summary)
            if number < self.times:
                await context.call_tool("outbox", {"name": f"report-{number}", "text": "text"}, why="it is due")
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by="writer"), scope=())


@pytest.fixture
def insisting(simulate: Simulate, one_node: Any) -> Callable[..., SimulatedWorkspace]:
    def make(times: int = 1) -> SimulatedWorkspace:
        return simulate(
            planner="one",
            tools=["file", "outbox"],
            policy={"file": 0},
            done_when=[{"receipt": "file"}],
            parts={("actor", "writer"): Insisting(times), ("planner", "one"): one_node("writer", ("file", "outbox"))},
        )

    return make


async def take_back(simulated: SimulatedWorkspace, effect: str) -> effects.EffectRow:
    shown = await simulated.engine.show_undo(1, effect)
    return await simulated.engine.undo(1, effect, shown.digest, by=ANA)


async def the_gate(simulated: SimulatedWorkspace) -> gates.GateRow:
    [gate] = await simulated.open_gates()
    return gate


async def run_of(simulated: SimulatedWorkspace) -> runs.RunRow:
    return await runs.find(simulated.store, 1)


def stands(simulated: SimulatedWorkspace) -> bool:
    return Path(simulated.workspace.root / "files" / "a.md").exists()


async def test_where_nothing_was_taken_back_it_is_one_act(insisting: Any) -> None:
    simulated = insisting()
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        await simulated.approve(await the_gate(simulated))
        assert [row.tool for row in await effects.of_run(simulated.store, 1)] == ["file", "outbox"]
        assert (await run_of(simulated)).outcome is Outcome.DONE


async def test_it_is_asked_for_whatever_policy_says_and_done_anew_once_it_is_allowed(insisting: Any) -> None:
    simulated = insisting()
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        undo = await take_back(simulated, "e1")
        await simulated.approve(await the_gate(simulated))
        gate = await the_gate(simulated)
        assert (gate.request.tool, gate.request.rule) == ("file", "undo: person:ana took it back")
        assert not stands(simulated)
        await simulated.approve(gate)
        assert stands(simulated)
        assert gate.effect == again_key(undo.undoes)
        proofs = [proof for _, proof, _ in await evidence.of_run(simulated.store, 1) if proof.key == gate.effect]
        assert [(proof.rule, proof.approver) for proof in proofs] == [(gate.request.rule, "person:test")]
        run = await run_of(simulated)
    assert (run.outcome, run.why) == (Outcome.DONE, "every condition holds")


async def test_where_it_is_denied_it_stays_as_it_was_taken_back(insisting: Any) -> None:
    simulated = insisting()
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        await take_back(simulated, "e1")
        await simulated.approve(await the_gate(simulated))
        await simulated.deny(await the_gate(simulated), reason="I took it back")
        assert (await run_of(simulated)).outcome is not Outcome.DONE
    assert not stands(simulated)


async def test_it_is_asked_for_as_often_as_it_is_taken_back(insisting: Any) -> None:
    simulated = insisting(3)
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        first = await take_back(simulated, "e1")
        key = first.undoes
        for _ in range(2):
            await simulated.approve(await the_gate(simulated))
            key = again_key(key)
            gate = await the_gate(simulated)
            assert gate.effect == key
            await simulated.approve(gate)
            assert stands(simulated)
            await take_back(simulated, key[:12])
            assert not stands(simulated)
        await simulated.approve(await the_gate(simulated))
        await simulated.approve(await the_gate(simulated))
        assert (await run_of(simulated)).outcome is Outcome.DONE
    assert stands(simulated)


async def test_where_the_undo_was_taken_back_too_the_act_stands_and_nobody_is_asked(insisting: Any) -> None:
    simulated = insisting()
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        undo = await take_back(simulated, "e1")
        await take_back(simulated, undo.key[:12])
        await simulated.approve(await the_gate(simulated))
        assert await simulated.open_gates() == []
        assert (await run_of(simulated)).outcome is Outcome.DONE


async def test_started_again_before_the_answer_it_waits_for_the_same_question(insisting: Any) -> None:
    simulated = insisting()
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        await take_back(simulated, "e1")
        await simulated.approve(await the_gate(simulated))
        before = await the_gate(simulated)
    async with simulated.up() as engine:
        await engine.rest()
        assert (await the_gate(simulated)).id == before.id
        await simulated.approve(before)
        assert (await run_of(simulated)).outcome is Outcome.DONE


class Ringing:
    """Calls its machine, asks for another call of it, and calls it as the first time."""

    async def act(self, context: Context, work: Work) -> HandOff:
        for name in ("one", "two", "one"):
            await context.call_tool("machine", {"name": name, "text": "text"}, why="it is due")
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by="worker"), scope=())


async def test_while_nobody_knows_whether_it_was_taken_back_nothing_is_done(
    simulate: Simulate, make_machine: Any
) -> None:
    on, off = make_machine(EffectClass.PROBED), make_machine(EffectClass.ONCE, "after")
    on.undone_by = "off"
    rules = [{"where": "name=one", "tier": 0}, 2]
    simulated = workspace(
        simulate, Ringing(), machine=on, tools=["machine", "off"], policy={"machine": rules}, planner=Again("machine")
    )
    simulated._parts["tool", "off"] = off
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        with pytest.raises(InDoubt):
            await take_back(simulated, "e1")
        await simulated.approve(await the_gate(simulated))
        run = await run_of(simulated)
        assert run.state is State.NEEDS_REVIEW
        assert "whether that happened is not known" in run.why
        rows = await effects.of_run(simulated.store, 1)
    assert len(on.calls) == 2
    assert [row.state for row in rows if row.key == undo_key(rows[0].key)] == [EffectState.IN_DOUBT]


async def test_a_planner_is_told_only_of_what_stands(simulate: Simulate, make_machine: Any) -> None:
    class Failing:
        async def act(self, context: Context, work: Work) -> HandOff:
            await context.call_tool("machine", {"name": "one", "text": "text"}, why="it is due")
            await context.call_tool("machine", {"name": "two", "text": "text"}, why="it is due")
            raise BadReasoning("that led nowhere")

    on, off, planner = make_machine(EffectClass.PROBED), make_machine(EffectClass.PROBED), Again("machine")
    on.undone_by = "off"
    rules = [{"where": "name=one", "tier": 0}, 2]
    simulated = workspace(
        simulate, Failing(), machine=on, tools=["machine", "off"], policy={"machine": rules}, planner=planner
    )
    simulated._parts["tool", "off"] = off
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        await take_back(simulated, "e1")
        two = (await the_gate(simulated)).effect
        await simulated.approve(await the_gate(simulated))
    [first, again] = planner.briefs
    assert first.receipts == {}
    assert {tool: receipt.data for tool, receipt in again.receipts.items()} == {"machine": {"key": two}}
