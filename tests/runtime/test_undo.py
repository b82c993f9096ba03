"""Undo: what was done is taken back by a person, as an effect of its own in the run that did it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread

from platos import Artifact, Context, HandOff, Work
from platos.core.effect import EffectClass, EffectState
from platos.core.event import ChainSealed
from platos.core.evidence import Evidence
from platos.core.instant import MINUTE
from platos.core.predicate import ANY
from platos.core.state import Outcome, State
from platos.core.trust import Answer
from platos.errors import InDoubt, InvalidTransition, NotFound, PermissionDenied, StaleWorld, UsageError
from platos.store import Tx, autopilots, decisions, effects, evidence, runs
from platos.store.autopilots import AutopilotState
from platos.store.database import NAME
from platos.store.effects import EffectRow
from platos.store.sound import verify_file
from platos.testing.workspace import SimulatedWorkspace

from .workers import Worker, drop_one, workspace

Simulate = Callable[..., SimulatedWorkspace]

ANA = "person:ana"
SLOT = 15 * MINUTE


class Writer:
    """An actor that writes these files, one after the other."""

    def __init__(self, *paths: str) -> None:
        self.paths = paths

    async def act(self, context: Context, work: Work) -> HandOff:
        for path in self.paths:
            await context.call_tool("file", {"path": path, "text": "new\n"}, why="it is due")
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by="writer"), scope=())


@pytest.fixture
def writing(simulate: Simulate, one_node: Any) -> Callable[..., SimulatedWorkspace]:
    """`writing("a.md")`: a workspace whose one signal has these files written, without asking."""

    def make(*paths: str) -> SimulatedWorkspace:
        return simulate(
            planner="one",
            tools=["file"],
            policy={"file": 0},
            done_when=[{"receipt": "file"}],
            parts={("actor", "writer"): Writer(*paths), ("planner", "one"): one_node("writer", ("file",))},
        )

    return make


@pytest.fixture
def switching(simulate: Simulate, make_machine: Any) -> Callable[..., tuple[SimulatedWorkspace, Any, Any]]:
    """`switching(EffectClass.ONCE, "after")`: a machine, and the one of that class and with these faults that undoes
    what it does; both are the specialist's."""

    def make(effect: EffectClass, *faults: str, undone_by: str = "off", tools: Any = ("machine", "off")) -> Any:
        on, off = make_machine(EffectClass.PROBED), make_machine(effect, *faults)
        on.undone_by = undone_by
        simulated = workspace(simulate, Worker(tool="machine"), machine=on, tools=list(tools), policy={"machine": 0})
        simulated._parts["tool", "off"] = off
        return simulated, on, off

    return make


async def take_back(simulated: SimulatedWorkspace, effect: str = "", **said: Any) -> EffectRow:
    """Looked at, and said yes to just that."""
    shown = await simulated.engine.show_undo(1, effect)
    return await simulated.engine.undo(1, effect, shown.digest, by=ANA, **said)


async def receipts(simulated: SimulatedWorkspace) -> list[Evidence]:
    return [record for _, record, _ in await evidence.of_run(simulated.store, 1)]


def read(path: Path) -> str:
    return path.read_text("utf-8")


async def test_a_file_is_shown_as_it_would_be_and_then_stands_as_it_stood(writing: Any) -> None:
    simulated = writing("a.md")
    there = await simulated.drop("files/a.md", "old\n")
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        shown = await engine.show_undo(1, "")
        assert (shown.effect, shown.tool, shown.did) == ("e1", "file", "file: wrote files/a.md")
        assert "-new\n+old\n" in shown.preview
        assert read(there) == "new\n"
        done = await engine.undo(1, "", shown.digest, by=ANA, why="it was wrong")
        assert read(there) == "old\n"
        first, second = await receipts(simulated)
    assert (done.state, done.effect_class, done.undoes) == (EffectState.DONE, EffectClass.PROBED, first.key)
    assert (second.what, second.approver, second.actor) == ("wrote files/a.md, which takes back e1", ANA, ANA)
    assert second.rule == "taken back by person:ana: it was wrong; policy: file has risk tier 0"
    assert second.key == done.key != first.key


async def test_the_run_stays_as_it_ended_and_its_chain_is_sealed_with_the_undo_in_it(writing: Any) -> None:
    simulated = writing("a.md")
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        before = await runs.find(simulated.store, 1)
        await take_back(simulated)
        assert await runs.find(simulated.store, 1) == before
        length = len(await simulated.events("r1"))
        seals = [event for event in await simulated.events("system") if isinstance(event, ChainSealed)]
        assert [seal.name for seal in seals] == ["r1", "r1"]
        assert seals[-1].length == length > seals[0].length
    assert (before.state, before.outcome) == (State.SUCCESS, Outcome.DONE)
    await to_thread.run_sync(verify_file, simulated.workspace.state / NAME)


async def test_an_effect_is_taken_back_once_and_its_undo_can_be_taken_back_in_its_turn(writing: Any) -> None:
    simulated = writing("a.md")
    there = await simulated.drop("files/a.md", "old\n")
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        await take_back(simulated, "e1")
        with pytest.raises(InvalidTransition, match="taken back already"):
            await engine.show_undo(1, "e1")
        with pytest.raises(NotFound, match="nothing that is not taken back"):
            await engine.show_undo(1, "")
        assert len(effects.taken_back(await effects.of_run(simulated.store, 1))) == 1
        await take_back(simulated, "e2")
        assert read(there) == "new\n"
        [first, undone, _] = await effects.of_run(simulated.store, 1)
        assert effects.taken_back(await effects.of_run(simulated.store, 1)) == {undone.key}
        assert first.undoes == ""


async def test_of_several_one_is_named_by_its_evidence_or_its_key(writing: Any) -> None:
    simulated = writing("a.md", "b.md")
    await drop_one(simulated)
    files = simulated.workspace.root / "files"
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        with pytest.raises(UsageError, match="2 things") as error:
            await engine.show_undo(1, "")
        assert error.value.expected == "--effect, one of e1 (file), e2 (file)"
        with pytest.raises(NotFound, match="e7"):
            await engine.show_undo(1, "e7")
        [_, second] = await effects.of_run(simulated.store, 1)
        await take_back(simulated, second.key[:12])
        assert sorted(path.name for path in files.glob("*.md")) == ["a.md"]
        await take_back(simulated, "e1")
    assert not list(files.glob("*.md"))


async def test_what_changed_since_it_was_shown_is_not_taken_back(writing: Any) -> None:
    simulated = writing("a.md")
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        shown = await engine.show_undo(1, "")
        there = await simulated.drop("files/a.md", "a person's\n")
        with pytest.raises(StaleWorld, match="not what was shown"):
            await engine.undo(1, "", shown.digest, by=ANA)
        with pytest.raises(StaleWorld):
            await engine.show_undo(1, "")
        assert len(await effects.of_run(simulated.store, 1)) == 1
    assert read(there) == "a person's\n"


async def test_a_tool_is_undone_by_the_one_that_it_names_with_what_the_act_was_called_with(switching: Any) -> None:
    simulated, on, off = switching(EffectClass.KEYED)
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        done = await take_back(simulated)
    assert [text for _, text in off.calls] == [text for _, text in on.calls]
    assert off.applied == [done.key]
    assert (done.tool, done.effect_class) == ("off", EffectClass.KEYED)


async def test_where_nobody_knows_how_it_says_what_the_tool_declares(switching: Any) -> None:
    simulated, _, _ = switching(EffectClass.KEYED, undone_by="")
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        with pytest.raises(UsageError, match="nobody knows how machine is taken back") as error:
            await engine.show_undo(1, "e1")
    assert "machine declares class probed, no undone_by and no undo" in error.value.expected


async def test_a_tool_that_the_specialist_does_not_have_takes_nothing_back(switching: Any) -> None:
    simulated, _, off = switching(EffectClass.KEYED, tools=("machine",))
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        with pytest.raises(UsageError, match="off would take it back, and watch has no such tool"):
            await engine.show_undo(1, "e1")
    assert not off.calls


async def test_a_tool_that_its_owner_took_away_since_takes_nothing_back(writing: Any, describe: Any) -> None:
    simulated = writing("a.md")
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        await simulated.drop("specialists/watch.md", describe(tools=["outbox"]))
        await engine.refresh()
        with pytest.raises(PermissionDenied, match="not among the specialist's tools"):
            await engine.show_undo(1, "e1")


async def test_while_a_specialist_is_paused_nothing_is_sent(switching: Any) -> None:
    simulated, _, off = switching(EffectClass.KEYED)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        shown = await engine.show_undo(1, "")
        await engine.pause("", by=ANA)
        with pytest.raises(UsageError, match="paused"):
            await engine.undo(1, "", shown.digest, by=ANA)
        assert not off.calls
        await engine.resume("", by=ANA)
        await engine.undo(1, "", shown.digest, by=ANA)
    assert len(off.applied) == 1


async def test_an_autopilot_that_covers_it_is_taken_back_and_that_is_a_label(switching: Any) -> None:
    simulated, _, _ = switching(EffectClass.KEYED)
    await drop_one(simulated)

    def turn_on(tx: Tx) -> int:
        [effect] = effects.in_run(tx, 1)
        row = autopilots.propose(tx, "watch", "machine", effect.contract, ANY, "it was earned", effect.moved)
        return autopilots.promote(tx, row, "it was earned", "salt", ANA, effect.moved).number

    async with simulated.up():
        await simulated.live(SLOT)
        number = await simulated.store.transact(turn_on)
        await take_back(simulated)
        row = await simulated.store.transact(autopilots.get, number)
        history = await decisions.history_of(simulated.store, "watch", "machine")
    assert (row.state, row.why) == (AutopilotState.OFF, "e1 of r1 was taken back by person:ana")
    assert history is not None
    assert Answer.UNDONE in [each.answer for each in history.decisions]


# -- a crash, or any error, between dispatch and receipt: by the class of the tool that takes back


AFTER = (EffectClass.KEYED, EffectClass.PROBED, EffectClass.ONCE)


@pytest.mark.parametrize("effect", AFTER)
@pytest.mark.parametrize("fault", ["cut before", "cut after"])
async def test_after_a_crash_what_was_sent_is_found_out_when_the_engine_starts(
    switching: Any, power_cut: Any, effect: EffectClass, fault: str
) -> None:
    simulated, _, off = switching(effect, fault)
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
    with power_cut(10_000):
        async with simulated.up():
            await take_back(simulated)
    async with simulated.up() as engine:
        await engine.rest()
        [_, undo] = await effects.of_run(simulated.store, 1)
        if effect is EffectClass.ONCE:
            assert undo.state is EffectState.IN_DOUBT
            assert len(off.calls) == 1
        else:
            assert undo.state is EffectState.DONE
            assert off.applied == [undo.key]
            assert [each.approver for each in await receipts(simulated)] == ["", ANA]
        assert sealed(simulated)
    await to_thread.run_sync(verify_file, simulated.workspace.state / NAME)


def sealed(simulated: SimulatedWorkspace) -> bool:
    with sqlite3.connect(f"file:{simulated.workspace.state / NAME}?mode=ro", uri=True) as connection:
        [(found,)] = connection.execute("SELECT sealed FROM chains WHERE name = 'r1'").fetchall()
    return bool(found)


async def test_cut_at_every_write_it_is_taken_back_once_or_not_at_all(writing: Any, power_cut: Any) -> None:
    for number in (1, 2, 3):
        simulated = writing("a.md")
        there = await simulated.drop("files/a.md", "old\n")
        await drop_one(simulated)
        async with simulated.up():
            await simulated.live(SLOT)
            shown = await simulated.engine.show_undo(1, "")
            with power_cut(number) as cut:
                await simulated.engine.undo(1, "", shown.digest, by=ANA)
            assert cut.writes == min(number, 2)
        async with simulated.up() as engine:
            await engine.rest()
            rows = await effects.of_run(simulated.store, 1)
            assert sealed(simulated)
        assert read(there) == ("new\n" if number == 1 else "old\n")
        assert [row.state for row in rows] == [EffectState.DONE] * (1 if number == 1 else 2)


async def test_what_was_not_sent_may_be_asked_for_again(switching: Any) -> None:
    simulated, _, off = switching(EffectClass.ONCE, "before")
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        with pytest.raises(Exception, match="nobody listens"):
            await take_back(simulated)
        assert [row.state for row in await effects.of_run(simulated.store, 1)] == [EffectState.DONE, EffectState.INTENT]
        assert sealed(simulated)
        assert (await take_back(simulated)).state is EffectState.DONE
    assert len(off.applied) == 1


@pytest.mark.parametrize("happened", [True, False])
async def test_what_is_in_doubt_a_person_answers_for(switching: Any, happened: bool) -> None:
    simulated, _, off = switching(EffectClass.ONCE, "after")
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        with pytest.raises(InDoubt, match="the line broke") as error:
            await take_back(simulated)
        assert "platos undo r1 --effect e1 --happened" in error.value.hint
        with pytest.raises(UsageError, match="in doubt"):
            await take_back(simulated)
        with pytest.raises(InvalidTransition, match="it ended"):
            await engine.retry(1, by=ANA)
        done = await take_back(simulated, happened=happened)
        assert (done.state, sealed(simulated)) == (EffectState.DONE, True)
    assert len(off.calls) == (1 if happened else 2)


async def test_nothing_is_sent_again_blindly_where_the_world_has_changed(switching: Any, power_cut: Any) -> None:
    simulated, _, off = switching(EffectClass.PROBED, "cut before")
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
    with power_cut(10_000):
        async with simulated.up():
            await take_back(simulated)
    off.world = {"lamp": "red"}
    async with simulated.up() as engine:
        await engine.rest()
        [_, undo] = await effects.of_run(simulated.store, 1)
    assert (undo.state, off.applied) == (EffectState.IN_DOUBT, [])


# -- runs that are open


async def test_what_a_waiting_run_did_can_be_taken_back_and_is_no_receipt_when_it_ends(
    simulate: Simulate, one_node: Any
) -> None:
    class Both(Writer):
        async def act(self, context: Context, work: Work) -> HandOff:
            made = await super().act(context, work)
            await context.call_tool("outbox", {"name": "report", "text": "text"}, why="it is due")
            return made

    simulated = simulate(
        planner="one",
        tools=["file", "outbox"],
        policy={"file": 0},
        done_when=[{"receipt": "file"}],
        parts={("actor", "both"): Both("a.md"), ("planner", "one"): one_node("both", ("file", "outbox"))},
    )
    await drop_one(simulated)
    async with simulated.up():
        await simulated.live(SLOT)
        [gate] = await simulated.open_gates()
        await take_back(simulated, "e1")
        assert (await runs.find(simulated.store, 1)).state is State.NEEDS_REVIEW
        await simulated.approve(gate)
        run = await runs.find(simulated.store, 1)
    assert (run.outcome, run.why) == (Outcome.COMPLETED_UNUSABLE, "receipt: file: it was taken back")
