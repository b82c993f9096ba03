"""What bounds a node: its time, its attempts, its share of the run's cap; and what it takes and makes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
from pydantic import BaseModel

from platos import Artifact, Context, Document, HandOff, Work, actor
from platos.core.effect import EffectClass
from platos.core.event import RunMoved
from platos.core.instant import HOUR, SECOND
from platos.core.plan import FanOut, Node, Sequence, Single
from platos.core.state import Outcome, State
from platos.errors import BadReasoning, Broken
from platos.store import accounts
from platos.testing.workspace import SimulatedWorkspace
from tests.runtime.nets import drop, net

Simulate = Callable[..., SimulatedWorkspace]


class Doing:
    """Does one thing each time that it acts, in order: raises it, or hangs; then hands something over."""

    def __init__(self, *things: Exception | str) -> None:
        self.things, self.acted = list(things), 0

    async def act(self, context: Context, work: Work) -> HandOff:
        self.acted += 1
        await context.step("once", str, "x", returns=str)
        if self.things:
            thing = self.things.pop(0)
            if isinstance(thing, Exception):
                raise thing
            await anyio.sleep_forever()
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by="test"), scope=())


async def lived(simulate: Simulate, machine: Any, root: Node, doing: Any, **changes: Any) -> RunMoved:
    simulated = net(simulate, root, machine(EffectClass.KEYED), **changes)
    simulated._parts["actor", "doing"] = doing
    await drop(simulated, 2)
    async with simulated.up():
        await simulated.live(HOUR)
        return [event for event in await simulated.events("r1") if isinstance(event, RunMoved)][-1]


async def test_a_node_that_fails_is_started_afresh_as_often_as_the_plan_says(
    simulate: Simulate, make_machine: Any
) -> None:
    doing = Doing(Broken("first"), BadReasoning("second"))
    moved = await lived(simulate, make_machine, Single(name="work", actor="doing", attempts=3), doing)
    assert moved.outcome is Outcome.DONE
    assert doing.acted == 3


async def test_after_its_last_attempt_a_node_has_failed(simulate: Simulate, make_machine: Any) -> None:
    doing = Doing(*[Broken("again")] * 5)
    moved = await lived(simulate, make_machine, Single(name="work", actor="doing", attempts=2), doing)
    assert moved.new is State.FAILED
    assert doing.acted == 2


async def test_a_node_that_is_at_work_for_too_long_has_timed_out(simulate: Simulate, make_machine: Any) -> None:
    doing = Doing("hang")
    root = Single(name="work", actor="doing", timeout=SECOND // 20)
    moved = await lived(simulate, make_machine, root, doing)
    assert moved.failure is not None
    assert moved.failure.kind == "timeout"


async def test_a_node_that_hung_may_be_started_afresh(simulate: Simulate, make_machine: Any) -> None:
    root = Single(name="work", actor="doing", timeout=SECOND // 5, attempts=2)
    moved = await lived(simulate, make_machine, root, Doing("hang"))
    assert moved.outcome is Outcome.DONE


class Title(BaseModel):
    title: str


class Spending:
    """Asks a model three things."""

    async def act(self, context: Context, work: Work) -> HandOff:
        for question in ("one", "two", "three"):
            await context.ask_model(question, f"Answer {question}.", [Document(id="d", text="text")], Title)
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by="test"), scope=())


async def test_a_share_bounds_what_a_node_and_all_under_it_may_spend(simulate: Simulate, make_machine: Any) -> None:
    """Five calls for the run, 40 % of them for two branches that want six: two are made, and the rest is refused."""
    each = FanOut(name="each", body=Single(name="work", actor="doing"), share=40)
    root = Sequence(name="all", nodes=(each,))
    simulated = net(simulate, root, make_machine(EffectClass.KEYED), budget={"run": {"calls": 5}})
    simulated._parts["actor", "doing"] = Spending()
    await drop(simulated, 2)
    async with simulated.up():
        await simulated.live(HOUR)
        calls = await accounts.calls_of_run(simulated.store, 1)
        [row] = await simulated.runs()
    assert len(calls) == 2
    assert (row.state, row.failure) == (State.FAILED, "budget_exceeded")


@actor("doing", version="1", makes=("extract",))
class Mislabelled(Doing):
    """Says that it makes extracts, and makes a report."""


async def test_an_actor_that_makes_something_else_than_it_says_breaks(simulate: Simulate, make_machine: Any) -> None:
    moved = await lived(simulate, make_machine, Single(name="work", actor="doing"), Mislabelled())
    assert moved.failure is not None
    assert moved.failure.what == "doing made 'report'"
