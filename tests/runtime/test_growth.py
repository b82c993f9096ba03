"""Helpers that a node asks for become part of the plan: bounded, checked, written down before anything of them runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos import Context, HandOff, Work
from platos.core.effect import EffectClass
from platos.core.event import PlanGrown, RunMoved
from platos.core.instant import HOUR
from platos.core.plan import BOUNDS, FanOut, Loop, Node, Sequence, Single
from platos.core.state import State
from platos.testing.workspace import SimulatedWorkspace
from tests.runtime.nets import Steady, drop, net

Simulate = Callable[..., SimulatedWorkspace]

HELP = Single(name="help", actor="steady")


class Asking(Steady):
    """Asks for these helpers, one after the other."""

    def __init__(self, *nodes: Node) -> None:
        super().__init__()
        self.nodes = list(nodes)

    async def act(self, context: Context, work: Work) -> HandOff:
        for node in self.nodes:
            await context.grow(node, work, why="there is a lot to do")
        return await super().act(context, work)


def asking(simulate: Simulate, machine: Any, *nodes: Node, tools: tuple[str, ...] = ()) -> SimulatedWorkspace:
    root = Single(name="work", actor="asking", tools=tools)
    simulated = net(simulate, root, machine(EffectClass.KEYED))
    simulated._parts["actor", "asking"] = Asking(*nodes)
    return simulated


async def lived(simulated: SimulatedWorkspace, items: int = 2) -> tuple[RunMoved, list[PlanGrown]]:
    await drop(simulated, items)
    async with simulated.up():
        await simulated.live(HOUR)
        events = await simulated.events("r1")
    moved = [event for event in events if isinstance(event, RunMoved)][-1]
    return moved, [event for event in events if isinstance(event, PlanGrown)]


async def test_what_is_added_is_told_in_the_order_in_which_it_was_asked_for(
    simulate: Simulate, make_machine: Any
) -> None:
    moved, added = await lived(asking(simulate, make_machine, HELP, FanOut(name="each", body=HELP)))
    assert moved.new is State.SUCCESS
    assert [(each.addition, each.path, each.by) for each in added] == [
        (1, "work/help[1]", "actor:asking"),
        (2, "work/each[1]", "actor:asking"),
    ]


async def test_the_same_helper_asked_for_twice_has_a_place_of_its_own_each_time(
    simulate: Simulate, make_machine: Any
) -> None:
    moved, added = await lived(asking(simulate, make_machine, HELP, HELP))
    assert moved.new is State.SUCCESS
    assert [each.path for each in added] == ["work/help[1]", "work/help[2]"]


def deep(levels: int) -> Node:
    node: Node = HELP
    for level in range(levels):
        node = Sequence(name=f"level{level}", nodes=(node,))
    return node


JUDGE = Single(name="judge", actor="judging")
OUT_OF_BOUNDS = {
    "deeper than the plan may be": (deep(BOUNDS.depth - 1), "the plan is too large"),
    "more nodes than there may be": (
        Sequence(name="many", nodes=tuple(Single(name=f"n{at}", actor="steady") for at in range(BOUNDS.nodes))),
        "the plan is too large",
    ),
    "more rounds than a loop may have": (Loop(name="loop", body=HELP, until=JUDGE, rounds=9), "9 rounds are out"),
    "an actor that is not there": (Single(name="help", actor="stranger"), "there is no actor 'stranger'"),
    "a tool that its specialist does not have": (Single(name="help", actor="acting", tools=("shell",)), "may not use"),
    "more attempts than a node may have": (Single(name="help", actor="steady", attempts=99), "99 attempts"),
    "10,000 branches": (
        FanOut(name="b", branches=tuple(Single(name=f"n{at}", actor="steady") for at in range(10_000))),
        "too large|too many",
    ),
}


@pytest.mark.parametrize("case", list(OUT_OF_BOUNDS))
async def test_what_is_out_of_bounds_is_refused_with_its_reason_and_nothing_of_it_runs(
    simulate: Simulate, make_machine: Any, case: str
) -> None:
    node, why = OUT_OF_BOUNDS[case]
    moved, added = await lived(asking(simulate, make_machine, node))
    assert moved.new is State.FAILED
    assert moved.failure is not None
    assert "it may not add that: " in moved.failure.what
    assert any(part in moved.failure.what for part in why.split("|"))
    assert not added


async def test_a_node_that_asks_on_and_on_meets_the_bound_on_nodes(simulate: Simulate, make_machine: Any) -> None:
    moved, added = await lived(asking(simulate, make_machine, *[HELP] * 1_000), items=1)
    assert moved.failure is not None
    assert "the plan is too large" in moved.failure.what
    assert len(added) == BOUNDS.nodes - 1


class Endless(Steady):
    """Asks for one like itself."""

    async def act(self, context: Context, work: Work) -> HandOff:
        await context.grow(Single(name="again", actor="endless"), work, why="it never ends")
        return await super().act(context, work)


async def test_helpers_that_ask_for_helpers_meet_the_bound_on_depth(simulate: Simulate, make_machine: Any) -> None:
    simulated = net(simulate, Single(name="work", actor="endless"), make_machine(EffectClass.KEYED))
    simulated._parts["actor", "endless"] = Endless()
    moved, added = await lived(simulated)
    assert moved.failure is not None
    assert "the plan is too large" in moved.failure.what
    assert len(added) == BOUNDS.depth - 1


async def test_a_tool_that_its_node_was_not_given_is_denied_and_nothing_of_it_runs(
    simulate: Simulate, make_machine: Any
) -> None:
    simulated = asking(simulate, make_machine, Single(name="help", actor="acting", tools=("machine",)))
    moved, added = await lived(simulated)
    assert moved.new is State.CANCELLED
    assert "capability: machine was not given to this node" in moved.why
    assert not added
    assert not simulated._parts["tool", "machine"].calls


async def test_what_helpers_of_helpers_hold_is_what_was_lent_to_them(simulate: Simulate, make_machine: Any) -> None:
    each = FanOut(name="each", body=Single(name="act", actor="acting", tools=("machine",), attempts=2))
    simulated = asking(simulate, make_machine, Sequence(name="all", nodes=(each,)), tools=("machine",))
    moved, _ = await lived(simulated, items=3)
    assert moved.new is State.SUCCESS
    assert len(simulated._parts["tool", "machine"].applied) == 3


async def test_a_helper_may_use_the_tools_of_its_node(simulate: Simulate, make_machine: Any) -> None:
    helper = Single(name="help", actor="acting", tools=("machine",))
    simulated = asking(simulate, make_machine, helper, tools=("machine",))
    moved, _ = await lived(simulated)
    assert moved.new is State.SUCCESS
    assert len(simulated._parts["tool", "machine"].applied) == 1


async def test_a_node_that_asks_for_something_else_after_a_restart_is_parked(
    simulate: Simulate, make_machine: Any, power_cut: Any
) -> None:
    parked = 0
    for number in range(1, 60):
        simulated = asking(simulate, make_machine, HELP)
        await drop(simulated, 1)
        with power_cut(number) as power:
            async with simulated.up():
                await simulated.live(HOUR)
        simulated._parts["actor", "asking"] = Asking(Single(name="help", actor="acting"))
        async with simulated.up():
            await simulated.live(HOUR)
            events = await simulated.events("r1")
        moved = [event for event in events if isinstance(event, RunMoved)][-1]
        grown = [event for event in events if isinstance(event, PlanGrown)]
        assert len(grown) <= 1
        parked += moved.new is State.NEEDS_REVIEW and "code changed" in moved.why
        if power.writes < number:
            break
    assert parked
