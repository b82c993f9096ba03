"""Joins: what a fan-out makes of its branches, whom it stops, and what of that outlives a crash."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import anyio
import pytest

from platos import Artifact, Claim, Context, HandOff, Status, Work
from platos.core.approval import GateState
from platos.core.effect import EffectClass
from platos.core.event import RunMoved, StepMoved
from platos.core.instant import HOUR
from platos.core.plan import FanOut, Join, Loop, Node, Sequence, Single
from platos.core.state import Outcome, State
from platos.core.step import StepKind
from platos.errors import Broken
from platos.runtime.result import artifacts_of
from platos.store import gates
from platos.testing.workspace import SimulatedWorkspace
from tests.runtime.nets import Planned, drop

Simulate = Callable[..., SimulatedWorkspace]


class Told:
    """Does as it is told, by the name of its branch: `fail`, `reject`, `hang`, `ask` (and wait for a person); else it
    takes as many turns as its place among the others. `done` are those that came to their end."""

    def __init__(self, told: Mapping[str, str] | None = None) -> None:
        self.told = dict(told or {})
        self.done, self.begun, self.seen = Counter[str](), Counter[str](), list[Work]()

    async def act(self, context: Context, work: Work) -> HandOff:
        self.seen.append(work)
        name = " ".join([*(each.item for each in work.items), *(each.artifact.title for each in work.inputs)])
        what = self.told.get(name, "")
        self.begun[name] += 1
        await context.step("turn", self._turn, name, returns=str)
        if what == "fail":
            raise Broken(f"{name} cannot")
        if what == "hang":
            await context.step("hang", self._hang, returns=str)
        if what == "ask" and context.tools:
            await context.call_tool(context.tools[0], {"name": name, "text": name}, why="it is due")
        self.done[name] += 1
        numbered = enumerate(work.items)
        claims = tuple(Claim(text=f"{name} {at}", source=each.item, quote="advisory") for at, each in numbered)
        made = Artifact(kind="report", title=name, claims=claims, by="test")
        status = Status.REJECTED if what == "reject" else Status.UNVERIFIED
        return context.hand_off(made, scope=[each.item for each in work.items], status=status)

    async def _turn(self, name: str) -> str:
        for _ in range(5 * int("".join(filter(str.isdigit, name[:4])) or 1)):
            await anyio.lowlevel.checkpoint()
        return name

    async def _hang(self) -> str:
        await anyio.sleep_forever()
        return ""


def each(join: Join, good: int = 1, **changes: Any) -> FanOut:
    body = Single(name="work", actor="told", tools=("machine",))
    return FanOut(name="each", body=body, join=join, good=good, **changes)


def workspace(simulate: Simulate, root: Node, told: Told, machine: Any, **changes: Any) -> SimulatedWorkspace:
    parts = {("planner", "planned"): Planned(root), ("tool", "machine"): machine, ("actor", "told"): told}
    return simulate(**{"planner": "planned", "tools": ["machine"], "done_when": [], **changes}, parts=parts)


async def made_by(simulated: SimulatedWorkspace) -> list[str]:
    return sorted(each.title for each in await artifacts_of(simulated.store, await simulated.events("r1")))


async def moved_last(simulated: SimulatedWorkspace) -> RunMoved:
    return [event for event in await simulated.events("r1") if isinstance(event, RunMoved)][-1]


async def lived(simulated: SimulatedWorkspace, items: int) -> tuple[RunMoved, list[str]]:
    await drop(simulated, items)
    async with simulated.up():
        await simulated.live(HOUR)
        return await moved_last(simulated), await made_by(simulated)


async def test_all_gives_what_every_branch_made(simulate: Simulate, make_machine: Any) -> None:
    simulated = workspace(simulate, each(Join.ALL), Told(), make_machine(EffectClass.KEYED))
    moved, made = await lived(simulated, 3)
    assert (moved.outcome, made) == (Outcome.DONE, ["i1", "i2", "i3"])


async def test_of_all_one_failure_fails_the_join_and_stops_nobody(simulate: Simulate, make_machine: Any) -> None:
    told = Told({"i1": "fail"})
    moved, _ = await lived(workspace(simulate, each(Join.ALL), told, make_machine(EffectClass.KEYED)), 3)
    assert moved.new is State.FAILED
    assert moved.failure is not None
    assert moved.failure.what == "i1 cannot"
    assert set(told.done) == {"i2", "i3"}


async def test_first_goes_on_with_the_first_good_ones_and_stops_the_others(
    simulate: Simulate, make_machine: Any
) -> None:
    told = Told({"i1": "fail", "i2": "reject", "i5": "hang", "i6": "hang"})
    moved, made = await lived(workspace(simulate, each(Join.FIRST, 2), told, make_machine(EffectClass.KEYED)), 6)
    assert (moved.outcome, made) == (Outcome.DONE, ["i3", "i4"])
    assert set(told.done) == {"i2", "i3", "i4"}


async def test_too_few_good_ones_fail_the_join_and_say_of_what(simulate: Simulate, make_machine: Any) -> None:
    told = Told({"i1": "fail", "i2": "reject"})
    moved, _ = await lived(workspace(simulate, each(Join.FIRST, 2), told, make_machine(EffectClass.KEYED)), 3)
    assert moved.new is State.FAILED
    assert moved.failure is not None
    assert "1 of 3 branches were good, and 2 are needed: broken: i1 cannot" in moved.failure.what


async def test_a_quorum_waits_for_all_and_goes_on_with_the_good_ones(simulate: Simulate, make_machine: Any) -> None:
    told = Told({"i1": "fail", "i3": "reject"})
    moved, made = await lived(workspace(simulate, each(Join.QUORUM, 2), told, make_machine(EffectClass.KEYED)), 4)
    assert (moved.outcome, made) == (Outcome.DONE, ["i2", "i4"])


async def test_a_race_is_over_with_the_first_that_ends_even_if_it_fails(simulate: Simulate, make_machine: Any) -> None:
    told = Told({"i1": "fail", "i2": "hang"})
    moved, _ = await lived(workspace(simulate, each(Join.RACE), told, make_machine(EffectClass.KEYED)), 2)
    assert moved.failure is not None
    assert moved.failure.what == "i1 cannot"
    assert not told.done


async def test_a_race_goes_on_with_what_the_first_one_made(simulate: Simulate, make_machine: Any) -> None:
    told = Told({"i2": "hang", "i3": "hang"})
    moved, made = await lived(workspace(simulate, each(Join.RACE), told, make_machine(EffectClass.KEYED)), 3)
    assert (moved.outcome, made) == (Outcome.DONE, ["i1"])


async def test_branches_of_their_own_are_given_all_of_it(simulate: Simulate, make_machine: Any) -> None:
    told = Told()
    branches = tuple(Single(name=name, actor="told") for name in ("left", "right"))
    moved, made = await lived(
        workspace(simulate, FanOut(name="side", branches=branches), told, make_machine(EffectClass.KEYED)), 2
    )
    assert (moved.outcome, made) == (Outcome.DONE, ["i1 i2", "i1 i2"])


async def test_a_branch_a_claim_is_given_that_claim_and_its_item(simulate: Simulate, make_machine: Any) -> None:
    told = Told()
    claims = FanOut(name="each", body=Single(name="check", actor="told"), over="claims")
    root = Sequence(name="all", nodes=(Single(name="find", actor="told"), claims))
    moved, _ = await lived(workspace(simulate, root, told, make_machine(EffectClass.KEYED)), 2)
    assert moved.outcome is Outcome.DONE
    parts = [work for work in told.seen if work.inputs]
    assert [[claim.text for claim in work.inputs[0].artifact.claims] for work in parts] == [["i1 i2 0"], ["i1 i2 1"]]
    assert [[extract.item for extract in work.items] for work in parts] == [["i1"], ["i2"]]


async def test_what_the_others_asked_people_is_withdrawn(simulate: Simulate, make_machine: Any) -> None:
    told = Told({"i1": "ask", "i2": "ask"})
    machine = make_machine(EffectClass.ONCE)
    simulated = workspace(simulate, each(Join.FIRST, 1), told, machine)
    moved, made = await lived(simulated, 3)
    assert (moved.outcome, made) == (Outcome.DONE, ["i3"])
    assert not machine.calls
    async with simulated.up():
        assert not await simulated.open_gates()
        asked = await gates.of_run(simulated.store, 1)
    assert {gate.state for gate in asked} == {GateState.WITHDRAWN}
    assert {gate.reason for gate in asked} == {"another branch was enough"}


async def test_a_join_waits_for_a_person_where_nobody_else_can_bring_what_it_needs(
    simulate: Simulate, make_machine: Any
) -> None:
    machine = make_machine(EffectClass.ONCE)
    simulated = workspace(simulate, each(Join.FIRST, 2), Told({"i1": "ask", "i2": "fail"}), machine)
    moved, _ = await lived(simulated, 3)
    assert moved.new is State.NEEDS_REVIEW
    async with simulated.up():
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
        assert (await moved_last(simulated)).outcome is Outcome.DONE
        assert await made_by(simulated) == ["i1", "i3"]
    assert len(machine.calls) == 1


async def test_a_call_to_a_tool_that_is_under_way_is_not_cut_off(simulate: Simulate, make_machine: Any) -> None:
    """Cut off in the middle, nobody would know whether it happened."""

    class Slow(make_machine):  # type: ignore[misc]
        async def call(self, arguments: Any, key: str) -> Any:
            begun.set()
            await anyio.sleep(0.05)
            return await super().call(arguments, key)

    class Waiting(Told):
        async def act(self, context: Context, work: Work) -> HandOff:
            if work.items[0].item == "i2":
                await context.step("wait", self._until_begun, returns=bool)
            return await super().act(context, work)

        async def _until_begun(self) -> bool:
            await begun.wait()
            return True

    begun = anyio.Event()
    machine, told = Slow(EffectClass.ONCE), Waiting({"i1": "ask"})
    simulated = workspace(simulate, each(Join.FIRST, 1), told, machine, policy={"machine": 0})
    moved, made = await lived(simulated, 2)
    assert (moved.outcome, made) == (Outcome.DONE, ["i2"])
    async with simulated.up():
        states = {e.state for e in await simulated.events("r1") if isinstance(e, StepMoved) and e.kind is StepKind.TOOL}
    assert len(machine.applied) == 1
    assert State.SUCCESS in states


async def test_a_cut_off_join_goes_on_with_those_it_had_chosen(
    simulate: Simulate, make_machine: Any, power_cut: Any, record_cases: Callable[[str, int], None]
) -> None:
    number, cut = 1, True
    while cut:
        number += 2
        told = Told({"i3": "hang"})
        root = Sequence(name="all", nodes=(each(Join.FIRST, 1), Single(name="last", actor="told")))
        simulated = workspace(simulate, root, told, make_machine(EffectClass.KEYED))
        await drop(simulated, 3)
        with power_cut(number) as power:
            async with simulated.up():
                await simulated.live(HOUR)
        cut = power.writes >= number
        told.told = {"i1": "hang"} if await _has_chosen(simulated) else told.told
        async with simulated.up():
            await simulated.live(HOUR)
            assert (await moved_last(simulated)).outcome is Outcome.DONE
            events = await simulated.events("r1")
        chosen = [e for e in events if isinstance(e, StepMoved) and e.kind is StepKind.JOIN]
        assert len(chosen) == 1, f"cut at write {number}"
    record_cases("nets cut off", number // 2)


async def _has_chosen(simulated: SimulatedWorkspace) -> bool:
    async with simulated.up():
        if not await simulated.runs():
            return False
        events = await simulated.events("r1")
    return any(isinstance(event, StepMoved) and event.kind is StepKind.JOIN for event in events)


async def test_of_500_branches_3_wait_for_a_person_and_the_others_are_done_once_through_two_restarts(
    simulate: Simulate, make_machine: Any
) -> None:
    told = Told(dict.fromkeys(("i7", "i250", "i500"), "ask"))
    told._turn = _at_once  # type: ignore[method-assign]
    machine = make_machine(EffectClass.ONCE)
    root = Sequence(name="all", nodes=(each(Join.ALL), Single(name="last", actor="told")))
    simulated = workspace(simulate, root, told, machine)
    await drop(simulated, 500)
    for _ in range(2):
        async with simulated.up():
            await simulated.live(HOUR)
            assert (await moved_last(simulated)).new is State.NEEDS_REVIEW
            assert len(await simulated.open_gates()) == 3
    async with simulated.up():
        for gate in await simulated.open_gates():
            await simulated.approve(gate)
        assert (await moved_last(simulated)).outcome is Outcome.DONE
    branches = {name: count for name, count in told.done.items() if " " not in name}
    assert len(branches) == 500
    assert set(branches.values()) == {1}
    assert len(machine.applied) == 3


async def _at_once(name: str) -> str:
    return name


async def test_a_loop_around_a_fan_out_that_makes_the_same_again_ends_before_its_rounds(
    simulate: Simulate, make_machine: Any
) -> None:
    told = Told({"i1 i1": "reject"})
    loop = Loop(name="until", body=each(Join.ALL), until=Single(name="judge", actor="told"), rounds=8)
    simulated = workspace(simulate, loop, told, make_machine(EffectClass.KEYED))
    moved, _ = await lived(simulated, 1)
    assert moved.outcome is Outcome.DONE
    assert told.begun["i1"] == 2 * 3


@pytest.mark.parametrize("join", list(Join))
async def test_a_fan_out_over_nothing_ends(simulate: Simulate, make_machine: Any, join: Join) -> None:
    claims = FanOut(name="each", body=Single(name="check", actor="told"), over="claims", join=join)
    root = Sequence(name="all", nodes=(Single(name="find", actor="mute"), claims))
    simulated = workspace(simulate, root, Told(), make_machine(EffectClass.KEYED))
    simulated._parts["actor", "mute"] = Mute()
    moved, _ = await lived(simulated, 1)
    assert moved.new in (State.SUCCESS, State.FAILED)


class Mute:
    """Claims nothing."""

    async def act(self, context: Context, work: Work) -> HandOff:
        return context.hand_off(Artifact(kind="report", title="Nothing", claims=(), by="test"), scope=())


@pytest.mark.parametrize("turns", range(3))
async def test_an_actor_that_just_begins_when_another_was_enough_ends_too(
    simulate: Simulate, make_machine: Any, turns: int
) -> None:
    class Late:
        """Hangs in its second node, between two steps; the first branch takes some turns, and no step."""

        async def act(self, context: Context, work: Work) -> HandOff:
            if work.inputs:
                await anyio.sleep_forever()
            if not context.tools:
                for _ in range(turns):
                    await anyio.lowlevel.checkpoint()
            made = Artifact(kind="report", title="made", claims=(), by="test")
            return context.hand_off(made, scope=[])

    two = (Single(name="one", actor="late", tools=("machine",)), Single(name="two", actor="late"))
    branches = (Sequence(name="slow", nodes=two), Single(name="quick", actor="late"))
    race = FanOut(name="race", branches=branches, join=Join.RACE)
    machine = make_machine(EffectClass.KEYED)
    parts = {("planner", "planned"): Planned(race), ("tool", "machine"): machine, ("actor", "late"): Late()}
    simulated = simulate(planner="planned", tools=["machine"], done_when=[], parts=parts)
    with anyio.fail_after(60):
        moved, made = await lived(simulated, 1)
    assert (moved.outcome, made) == (Outcome.DONE, ["made"])
