"""The table of DESIGN section 7: what is done about an effect after a crash, or an error once it was sent."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos.clock import VirtualClock
from platos.core.effect import EffectClass, EffectState, honoured_at
from platos.core.instant import DAY, HOUR, MINUTE
from platos.core.state import Outcome, State
from platos.store import effects
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]
READ, KEYED, PROBED, ONCE = EffectClass.READ, EffectClass.KEYED, EffectClass.PROBED, EffectClass.ONCE

FAULTS = ["before", "after", "hang", "cut before", "cut after"]
OUTWARD = [KEYED, PROBED, ONCE]


@pytest.fixture
def run_with(simulate: Simulate, power_cut: Callable[[int], Any]) -> Callable[[Any], Any]:
    """A day with one signal, whose report goes through a machine; the process is started again where it is cut off."""

    async def run(machine: Any) -> SimulatedWorkspace:
        changes = {"tools": ["machine"], "policy": {"machine": 0}, "done_when": [], "retry": {"idle": "0.3s"}}
        simulated = simulate(**changes, parts={("tool", "machine"): machine})
        await simulated.drop("inbox/note.txt", "An advisory.")
        with power_cut(1_000_000):
            async with simulated.up():
                await simulated.live(HOUR)
        async with simulated.up():
            await simulated.live(DAY)
        return simulated

    return run


async def ended(simulated: SimulatedWorkspace) -> tuple[State, Outcome | None]:
    async with simulated.up() as engine:
        await engine.rest()
        [run] = await simulated.runs()
        return run.state, run.outcome


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_read_is_run_again_until_it_answers(make_machine: Any, run_with: Any, fault: str) -> None:
    machine = make_machine(READ, fault)
    assert await ended(await run_with(machine)) == (State.SUCCESS, Outcome.DONE)
    assert len(machine.calls) == 2


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_keyed_effect_is_sent_again_with_the_same_key_and_bytes(
    make_machine: Any, run_with: Any, fault: str
) -> None:
    machine = make_machine(KEYED, fault)
    assert await ended(await run_with(machine)) == (State.SUCCESS, Outcome.DONE)
    assert len(machine.applied) == 1
    assert len(machine.calls) == 2
    assert len(set(machine.calls)) == 1


@pytest.mark.parametrize("fault", FAULTS)
async def test_a_probed_effect_is_applied_once(make_machine: Any, run_with: Any, fault: str) -> None:
    machine = make_machine(PROBED, fault)
    assert await ended(await run_with(machine)) == (State.SUCCESS, Outcome.DONE)
    assert len(machine.applied) == 1


@pytest.mark.parametrize("fault", ["after", "hang", "cut after"])
async def test_a_probed_effect_that_is_found_is_not_sent_again(make_machine: Any, run_with: Any, fault: str) -> None:
    machine = make_machine(PROBED, fault)
    await run_with(machine)
    assert (machine.probes, len(machine.calls)) == (1, 1)


async def test_a_probed_effect_that_is_not_found_is_sent(make_machine: Any, run_with: Any) -> None:
    machine = make_machine(PROBED, "cut before")
    await run_with(machine)
    assert (machine.probes, len(machine.calls)) == (1, 2)


@pytest.mark.parametrize("fault", ["after", "hang", "cut before", "cut after"])
async def test_an_effect_that_cannot_be_asked_for_is_never_sent_again(
    make_machine: Any, run_with: Any, fault: str
) -> None:
    machine = make_machine(ONCE, fault)
    simulated = await run_with(machine)
    assert await ended(simulated) == (State.NEEDS_REVIEW, None)
    assert len(machine.calls) == 1
    async with simulated.up():
        [row] = await effects.of_run(simulated.store, 1)
    assert row.state is EffectState.IN_DOUBT


async def test_an_effect_that_was_provably_not_sent_is_sent_whatever_its_class(
    make_machine: Any, run_with: Any
) -> None:
    machine = make_machine(ONCE, "before", "before")
    assert await ended(await run_with(machine)) == (State.SUCCESS, Outcome.DONE)
    assert len(machine.applied) == 1


@pytest.mark.parametrize("effect", OUTWARD)
async def test_cut_off_at_any_write_an_outward_effect_happens_at_most_once(
    simulate: Simulate,
    make_machine: Any,
    power_cut: Callable[[int], Any],
    record_cases: Callable[[str, int], None],
    effect: EffectClass,
) -> None:
    number, cut = 0, True
    while cut:
        number += 1
        machine = make_machine(effect)
        changes = {"tools": ["machine"], "policy": {"machine": 0}, "done_when": [], "retry": {"idle": "0.3s"}}
        simulated = simulate(**changes, parts={("tool", "machine"): machine})
        await simulated.drop("inbox/note.txt", "An advisory.")
        with power_cut(number) as power:
            async with simulated.up():
                await simulated.live(15 * MINUTE)
        cut = power.writes >= number
        async with simulated.up():
            await simulated.live(HOUR)
            [run] = await simulated.runs()
        assert len(machine.applied) <= 1
        assert (run.outcome is Outcome.DONE) == (len(machine.applied) == 1 and run.state is State.SUCCESS)
        assert run.state is State.SUCCESS or effect is ONCE
    assert number > 10
    record_cases("crashes", number)


@pytest.mark.parametrize(
    ("honoured", "calls", "state"), [(4 * HOUR, 2, EffectState.DONE), (30 * MINUTE, 1, EffectState.IN_DOUBT)]
)
async def test_a_keyed_effect_is_sent_again_only_while_its_key_is_honoured(
    simulate: Simulate,
    make_machine: Any,
    power_cut: Callable[[int], Any],
    honoured: int,
    calls: int,
    state: EffectState,
) -> None:
    machine = type("Forgetful", (make_machine,), {"honoured": honoured})(KEYED, "cut after")
    changes = {"tools": ["machine"], "policy": {"machine": 0}, "done_when": []}
    simulated = simulate(**changes, parts={("tool", "machine"): machine})
    await simulated.drop("inbox/note.txt", "An advisory.")
    with power_cut(1_000_000):
        async with simulated.up():
            await simulated.live(15 * MINUTE)
    simulated.clock = VirtualClock(simulated.clock.now() + HOUR)
    async with simulated.up():
        await simulated.live(HOUR)
        [row] = await effects.of_run(simulated.store, 1)
    assert (len(machine.calls), row.state) == (calls, state)


def test_a_key_is_honoured_for_its_time_and_not_by_a_clock_that_was_set_back() -> None:
    assert [honoured_at(HOUR, MINUTE, HOUR + later) for later in (0, MINUTE - 1, MINUTE, -1)] == [
        True,
        True,
        False,
        False,
    ]


async def test_a_read_that_a_person_allowed_ends_with_its_receipt(simulate: Simulate, make_machine: Any) -> None:
    machine = make_machine(READ)
    changes = {"tools": ["machine"], "policy": {"machine": 2}, "done_when": []}
    simulated = simulate(**changes, parts={("tool", "machine"): machine})
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
        [row] = await effects.of_run(simulated.store, 1)
    assert row.state is EffectState.DONE


async def test_the_same_act_asked_for_twice_in_a_run_is_one_act(
    simulate: Simulate, make_machine: Any, one_node: Any
) -> None:
    from platos import Artifact, Context, HandOff, Work

    class Twice:
        async def act(self, context: Context, work: Work) -> HandOff:
            for _ in range(2):
                await context.call_tool("machine", {"name": "a", "text": "b"}, why="to be sure")
            return context.hand_off(Artifact(kind="report", title="Done", claims=(), by="twice"), scope=())

    machine = make_machine(ONCE)
    parts = {
        ("tool", "machine"): machine,
        ("actor", "twice"): Twice(),
        ("planner", "one"): one_node("twice", ("machine",)),
    }
    changes = {"planner": "one", "tools": ["machine"], "policy": {"machine": 0}, "done_when": []}
    simulated = simulate(**changes, parts=parts)
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(HOUR)
        assert (await simulated.runs())[0].outcome is Outcome.DONE
    assert len(machine.calls) == 1
