"""Answers to gates: many at once, with other arguments, and with a wish to change something."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos.core.approval import GateState
from platos.core.effect import EffectClass
from platos.core.event import EffectIntended, GateDecided
from platos.core.instant import MINUTE
from platos.core.state import State
from platos.errors import InvalidTransition, NotFound, UsageError
from platos.store import accounts, gates, journal, labels, pauses
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

GATED: dict[str, Any] = {
    "tools": ["machine"],
    "policy": {"machine": 1},
    "done_when": [{"receipt": "machine"}],
    "overlap": "parallel",
}
MANY = 5


@pytest.fixture
def machine(make_machine: Any) -> Any:
    return make_machine(EffectClass.ONCE)


@pytest.fixture
async def asking(simulate: Simulate, machine: Any) -> SimulatedWorkspace:
    """A workspace in which several runs wait at gates of one machine."""
    simulated = simulate(**GATED, parts={("tool", "machine"): machine})
    async with simulated.up():
        for number in range(MANY):
            await simulated.drop(f"inbox/{number}.txt", f"Advisory {number}.")
            await simulated.live(15 * MINUTE)
        assert len(await simulated.open_gates()) == MANY
    return simulated


async def decisions(simulated: SimulatedWorkspace) -> list[GateDecided]:
    told = [event for run in await simulated.runs() for event in await journal.events(simulated.store, run.name)]
    return [event for event in told if isinstance(event, GateDecided) and event.state is not GateState.USED]


async def test_one_answer_to_many_gates_is_one_decision_and_all_of_them_go_on(
    asking: SimulatedWorkspace, machine: Any
) -> None:
    async with asking.up() as engine:
        numbers = [gate.id for gate in await asking.open_gates()]
        await engine.decide_all(numbers, GateState.APPROVED, by="person:ana")
        await engine.rest()
        made = await decisions(asking)
        assert len({each.decision for each in made}) == 1
        assert len(made) == MANY
        assert {run.state for run in await asking.runs()} == {State.SUCCESS}
    assert len(machine.applied) == MANY


async def test_answers_given_apart_are_decisions_of_their_own(asking: SimulatedWorkspace) -> None:
    async with asking.up():
        for gate in await asking.open_gates():
            await asking.approve(gate)
        assert len({each.decision for each in await decisions(asking)}) == MANY


async def test_where_one_of_them_cannot_be_answered_none_is(asking: SimulatedWorkspace, machine: Any) -> None:
    async with asking.up() as engine:
        first, *rest = await asking.open_gates()
        await asking.deny(first)
        with pytest.raises(InvalidTransition):
            await engine.decide_all([rest[0].id, first.id], GateState.APPROVED, by="person:ana")
        with pytest.raises(NotFound):
            await engine.decide_all([rest[0].id, 999], GateState.APPROVED, by="person:ana")
        assert [gate.id for gate in await asking.open_gates()] == [gate.id for gate in rest]
    assert machine.applied == []


async def test_an_answer_to_many_says_nothing_of_any_one_item(asking: SimulatedWorkspace) -> None:
    async with asking.up() as engine:
        first, *rest = await asking.open_gates()
        await engine.decide_all([gate.id for gate in rest], GateState.APPROVED, by="person:ana")
        assert await labels.taught(asking.store, "watch") == 0
        await asking.approve(first)
        assert await labels.taught(asking.store, "watch") == 1


async def test_what_was_edited_is_observed_approved_and_sent_with_the_new_arguments(
    asking: SimulatedWorkspace, machine: Any
) -> None:
    async with asking.up() as engine:
        first, *_ = await asking.open_gates()
        approved = await engine.edit(first.id, {"text": "Another text."}, by="person:ana", reason="shorter")
        await engine.rest()
        assert approved.id != first.id
        assert (await gates.find(asking.store, first.id)).state is GateState.EDITED
        used = await gates.find(asking.store, approved.id)
        assert (used.state, used.request.arguments["text"]) == (GateState.USED, "Another text.")
        told = await journal.events(asking.store, f"r{first.run}")
        intents = [event.by for event in told if isinstance(event, EffectIntended)]
        assert intents == ["runtime", "person:ana"]
    assert ["Another text." in arguments for _, arguments in machine.calls] == [True]


async def test_what_was_edited_outlasts_a_restart_before_it_is_sent(asking: SimulatedWorkspace, machine: Any) -> None:
    async with asking.up() as engine:
        first, *_ = await asking.open_gates()
        await engine.pause("watch", by="person:ana")
        await engine.edit(first.id, {"text": "Another text."}, by="person:ana")
        await engine.rest()
        assert machine.applied == []
    async with asking.up() as engine:
        await engine.resume("watch", by="person:ana")
        await engine.rest()
    assert ["Another text." in arguments for _, arguments in machine.calls] == [True]


async def test_where_the_world_changed_after_an_edit_it_is_asked_again_with_the_edited_arguments(
    asking: SimulatedWorkspace, machine: Any
) -> None:
    async with asking.up() as engine:
        first, *others = await asking.open_gates()
        await engine.pause("watch", by="person:ana")
        await engine.edit(first.id, {"text": "Another text."}, by="person:ana")
        machine.world = {"folder": "another"}
        await engine.resume("watch", by="person:ana")
        await engine.rest()
        [again] = [gate for gate in await asking.open_gates() if gate.id not in {each.id for each in others}]
        assert again.request.arguments["text"] == "Another text."
        assert again.request.preconditions == {"folder": "another"}
    assert machine.applied == []


async def test_an_edit_the_tool_cannot_take_changes_nothing(asking: SimulatedWorkspace) -> None:
    async with asking.up() as engine:
        first, *_ = await asking.open_gates()
        with pytest.raises(UsageError, match="do not fit machine"):
            await engine.edit(first.id, {"colour": "red"}, by="person:ana")
        assert (await gates.find(asking.store, first.id)).state is GateState.OPEN


async def test_what_is_sent_back_is_planned_again_and_what_comes_back_is_asked_about(
    asking: SimulatedWorkspace, machine: Any
) -> None:
    async with asking.up() as engine:
        first, *_ = await asking.open_gates()
        for wish in ("Say which versions.", "Shorter.", "Longer.", "As it was."):
            [asked] = [gate for gate in await asking.open_gates() if gate.run == first.run]
            await engine.decide(asked.id, GateState.RETURNED, by="person:ana", reason=wish)
            await engine.rest()
        [run] = [each for each in await asking.runs() if each.id == first.run]
        assert (run.state, run.revision) == (State.NEEDS_REVIEW, 5)
        [asked] = [gate for gate in await asking.open_gates() if gate.run == first.run]
        await asking.approve(asked)
    assert len(machine.applied) == 1


async def test_those_who_work_on_what_was_sent_back_are_told_what_is_wished(
    asking: SimulatedWorkspace, machine: Any
) -> None:
    async with asking.up() as engine:
        first, *_ = await asking.open_gates()
        await engine.decide(first.id, GateState.RETURNED, by="person:ana", reason="Say which versions.")
        await engine.rest()
        calls = await accounts.calls_of_run(asking.store, first.run)
        prefixes = [await journal.get_payload(asking.store, call.prefix) for call in calls]
    assert [b"The owner asks for this: Say which versions." in prefix for prefix in prefixes] == [False, True]


async def test_a_node_that_waited_elsewhere_goes_on_with_what_it_was_given(
    asking: SimulatedWorkspace, machine: Any
) -> None:
    """A restart after a wish: the plan made for it is resumed with the same work, and its gate is the same."""
    async with asking.up() as engine:
        first, *_ = await asking.open_gates()
        await engine.decide(first.id, GateState.RETURNED, by="person:ana", reason="Say which versions.")
        await engine.rest()
        [before] = [gate for gate in await asking.open_gates() if gate.run == first.run]
    async with asking.up():
        [after] = [gate for gate in await asking.open_gates() if gate.run == first.run]
        assert after == before
        await asking.approve(after)
        [run] = [each for each in await asking.runs() if each.id == first.run]
        assert run.state is State.SUCCESS


async def test_to_send_back_without_a_word_is_refused(asking: SimulatedWorkspace) -> None:
    async with asking.up() as engine:
        first, *_ = await asking.open_gates()
        with pytest.raises(UsageError, match="what to change"):
            await engine.decide(first.id, GateState.RETURNED, by="person:ana", reason=" ")


async def test_a_pause_that_is_committed_before_the_claim_holds_the_call(simulate: Simulate, make_machine: Any) -> None:
    """The kill switch: the tool is being asked what it relies on while a person stops everything."""
    machine = make_machine(EffectClass.ONCE)
    simulated = simulate(**{**GATED, "policy": {"machine": 0}}, parts={("tool", "machine"): machine})
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up() as engine:

        async def observe(arguments: Any) -> dict[str, str]:
            if pauses.EVERYTHING not in await pauses.every(engine.store):
                await engine.pause("", by="person:ana", why="stop")
            return {}

        machine.observe = observe
        await simulated.live(15 * MINUTE)
        assert machine.calls == []
        [run] = await simulated.runs()
        assert (run.state, run.why) == (State.PENDING, "pause: by person:ana")
        machine.observe = type(machine).observe.__get__(machine)
        await engine.resume("", by="person:ana")
        await engine.rest()
    assert len(machine.applied) == 1
