"""Actors that do what they should not: bounded, reported, and other specialists never notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from platos import Artifact, Context, FanOut, HandOff, Loop, Node, Single, Status, Work
from platos.core.effect import EffectClass
from platos.core.event import RunMoved
from platos.core.instant import HOUR
from platos.core.state import Outcome, State
from platos.runtime.net import MOST_REPLANS
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace
from tests.runtime.nets import Planned, Steady, cast, drop
from tests.runtime.workers import last_move

Simulate = Callable[..., SimulatedWorkspace]


class Wanting:
    """Asks for 10,000 branches."""

    async def act(self, context: Context, work: Work) -> HandOff:
        many = tuple(Single(name=f"n{number}", actor="steady") for number in range(10_000))
        await context.grow(FanOut(name="all", branches=many), work, why="more")
        raise AssertionError("it was given them")


class Refusing:
    """Accepts nothing, with other words each time."""

    def __init__(self) -> None:
        self.asked = 0

    async def act(self, context: Context, work: Work) -> HandOff:
        self.asked += 1
        made = Artifact(kind="review", title=f"No, for the {self.asked}th time", claims=(), by="test")
        return context.hand_off(made, scope=(), status=Status.REJECTED)


class Restless(Steady):
    """Makes something else each time, so that there is always progress."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    async def act(self, context: Context, work: Work) -> HandOff:
        self.made += 1
        await context.step("one", str, "x", returns=str)
        title = await context.step("title", str, f"number {len(work.remarks)} {context.signature}", returns=str)
        return context.hand_off(Artifact(kind="report", title=title, claims=(), by=f"{self.made}"), scope=())


class Garbage:
    """Hands over what is no hand-off."""

    async def act(self, context: Context, work: Work) -> HandOff:
        return {"artifact": "none", "status": "verified"}  # type: ignore[return-value]


class Hanging:
    """Never comes back."""

    async def act(self, context: Context, work: Work) -> HandOff:
        await anyio.sleep_forever()
        raise AssertionError


class Leaking:
    """Raises a group of what nobody has heard of."""

    async def act(self, context: Context, work: Work) -> HandOff:
        raise ExceptionGroup("leak", [KeyError("a"), ExceptionGroup("inner", [ValueError("b")])])


class Swallowing:
    """Catches its own end at a gate, and goes on: to a hand-off, or to an error of its own."""

    def __init__(self, raises: bool) -> None:
        self.raises, self.caught = raises, 0

    async def act(self, context: Context, work: Work) -> HandOff:
        try:
            await context.call_tool("machine", {"name": "x", "text": "x"}, why="it is due")
        except BaseException:  # noqa: BLE001 - that is what it is here for
            self.caught += 1
            if self.raises:
                raise ValueError("it goes on") from None
        return context.hand_off(Artifact(kind="report", title="It went on", claims=(), by="test"), scope=())


class Crowding:
    """Asks the same colleague a thousand things at once."""

    async def act(self, context: Context, work: Work) -> HandOff:
        async with anyio.create_task_group() as tasks:
            for _ in range(1_000):
                tasks.start_soon(context.ask, "steady", work)
        raise AssertionError("it got a thousand answers")


BAD = {
    "asks for 10,000 branches": Wanting,
    "hands over garbage": Garbage,
    "hangs": Hanging,
    "leaks exceptions": Leaking,
    "asks a thousand things at once": Crowding,
}


async def beside_a_good_one(
    simulate: Simulate, machine: Any, bad: Any, root: Node, refusing: Any = None
) -> list[RunMoved]:
    """Where the runs of the bad one and of a good one beside it came to."""
    parts: dict[Any, Any] = {
        ("planner", "planned"): Planned(root),
        ("planner", "good"): Planned(FanOut(name="each", body=Single(name="work", actor="steady"))),
        ("tool", "machine"): machine,
        ("actor", "bad"): bad,
        ("actor", "refusing"): refusing or Refusing(),
        **cast(),
    }
    fixed = {"tools": ["machine"], "policy": {"machine": 0}, "done_when": [], "retry": {"idle": "1s"}}
    others = {"good": {**fixed, "planner": "good"}}
    simulated = simulate(planner="planned", parts=parts, others=others, **fixed)
    await drop(simulated, 2)
    async with simulated.up():
        await simulated.live(HOUR)
        found = {row.specialist: row.name for row in await simulated.runs()}
        return [await last_move(simulated, found[name]) for name in ("watch", "good")]


@pytest.mark.parametrize("case", list(BAD))
async def test_a_bad_actor_ends_its_own_run_and_nobody_elses(simulate: Simulate, make_machine: Any, case: str) -> None:
    root, machine = Single(name="work", actor="bad", tools=("machine",)), make_machine(EffectClass.KEYED)
    of_bad, of_good = await beside_a_good_one(simulate, machine, BAD[case](), root)
    assert of_bad.new is State.FAILED
    assert of_bad.failure is not None
    assert of_good.outcome is Outcome.DONE


@pytest.mark.parametrize("raises", [False, True])
async def test_who_catches_its_own_end_at_a_gate_waits_there_all_the_same(
    simulate: Simulate, make_machine: Any, raises: bool
) -> None:
    machine, swallowing = make_machine(EffectClass.ONCE), Swallowing(raises)
    root = Single(name="work", actor="bad", tools=("machine",))
    parts: dict[Any, Any] = {
        ("planner", "planned"): Planned(root),
        ("tool", "machine"): machine,
        ("actor", "bad"): swallowing,
    }
    simulated = simulate(planner="planned", tools=["machine"], done_when=[], parts=parts)
    await drop(simulated, 1)
    async with simulated.up():
        await simulated.live(HOUR)
        assert swallowing.caught == 1
        [row] = await simulated.runs()
        assert row.state is State.NEEDS_REVIEW
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
        assert (await last_move(simulated)).outcome is Outcome.DONE
    assert len(machine.calls) == 1


async def test_a_critic_that_never_accepts_is_asked_as_often_as_rounds_and_plans_allow(
    simulate: Simulate, make_machine: Any
) -> None:
    refusing = Refusing()
    no = Single(name="no", actor="refusing")
    loop = Loop(name="until", body=Single(name="bad", actor="bad"), until=no, rounds=8)
    of_bad, of_good = await beside_a_good_one(simulate, make_machine(EffectClass.KEYED), Restless(), loop, refusing)
    assert refusing.asked == 8 * (1 + MOST_REPLANS)
    assert of_bad.new is State.SUCCESS
    assert of_good.outcome is Outcome.DONE


async def test_a_model_that_answers_garbage_ends_the_run_and_nobody_elses(
    simulate: Simulate, make_machine: Any
) -> None:
    garbage = Scripted(lambda request: "}{ not json \u0000")
    parts: dict[Any, Any] = {("model", "garbage"): garbage}
    simulated = simulate(parts=parts, models={"frontier": "garbage", "small": "garbage"}, others={"good": {}})
    await drop(simulated, 1)
    async with simulated.up():
        await simulated.live(HOUR)
        rows = {row.specialist: row for row in await simulated.runs()}
        assert rows["watch"].state is State.FAILED
        assert rows["watch"].failure == "invalid_output"
        assert len(await simulated.open_gates()) == 1
        assert rows["good"].state is State.NEEDS_REVIEW
    assert len(garbage.requests) < 20
