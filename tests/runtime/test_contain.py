"""What an actor does to the task that it lives in is its own failure; what ends that task from outside is none."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import anyio
import pytest

from platos import Artifact, Context, FanOut, HandOff, Node, Sequence, Single, Work
from platos.core.effect import EffectClass
from platos.core.event import StepMoved
from platos.core.instant import HOUR
from platos.core.state import Outcome, State
from platos.core.step import StepKind
from platos.store import steps
from platos.testing.workspace import SimulatedWorkspace
from tests.runtime.nets import Chance, Planned, cast, drop, net
from tests.runtime.workers import last_move

Simulate = Callable[..., SimulatedWorkspace]


class Unruly:
    """Does something to its task, and then what it is there for, or waits for ever."""

    def __init__(self, what: Callable[[], object], waits: bool) -> None:
        self.what, self.waits = what, waits

    async def act(self, context: Context, work: Work) -> HandOff:
        self.what()
        if self.waits:
            await anyio.sleep_forever()
        return context.hand_off(Artifact(kind="report", title="It went on", claims=(), by="test"), scope=())


def cancel_its_task() -> None:
    task = asyncio.current_task()
    assert task is not None
    task.cancel()


def leak(error: BaseException) -> Callable[[], None]:
    def leaking() -> None:
        raise error

    return leaking


def open_a_scope() -> None:
    anyio.CancelScope().__enter__()


TRICKS = {
    "cancels its task, and waits": (cancel_its_task, True, "it leaked CancelledError"),
    "cancels its task, and goes on": (cancel_its_task, False, ""),
    "leaks a cancellation": (leak(asyncio.CancelledError()), False, "it leaked CancelledError"),
    "leaks a GeneratorExit": (leak(GeneratorExit()), False, "it leaked a GeneratorExit"),
    "leaks a SystemExit": (leak(SystemExit(3)), False, "it crashed 3 times, last with SystemExit: 3"),
    "leaves a scope open": (open_a_scope, False, "it crashed 3 times, last with RuntimeError"),
}


async def nodes_of(simulated: SimulatedWorkspace) -> dict[str, StepMoved]:
    """The checkpoints of a run's nodes, by the node's name."""
    told = await steps.of_run(simulated.store, 1)
    return {step.path.rpartition("/")[2]: step for step in told if step.kind is StepKind.NODE}


@pytest.mark.parametrize("trick", list(TRICKS))
@pytest.mark.parametrize("alone", [True, False])
async def test_what_an_actor_does_to_its_own_task_ends_its_own_node_at_most(
    simulate: Simulate, trick: str, alone: bool
) -> None:
    what, waits, failure = TRICKS[trick]
    bad, after, beside = (
        Single(name=name, actor=actor) for name, actor in (("bad", "unruly"), ("after", "steady"), ("beside", "steady"))
    )
    root: Node = bad if alone else FanOut(name="side", branches=(Sequence(name="two", nodes=(bad, after)), beside))
    parts: dict[Any, Any] = {("planner", "planned"): Planned(root), ("actor", "unruly"): Unruly(what, waits)}
    simulated = simulate(planner="planned", done_when=[], parts={**parts, **cast(Chance(most=60))})
    await drop(simulated, 1)
    async with simulated.up():
        await simulated.live(HOUR)
        nodes = await nodes_of(simulated)
    its = nodes["bad"].failure
    assert failure == "" if its is None else failure and its.what.startswith(failure)
    if not alone:
        assert nodes["beside"].state is State.SUCCESS
        assert ("after" in nodes) is (its is None)


async def test_who_interrupts_a_process_fails_no_node(simulate: Simulate, make_machine: Any) -> None:
    """The first Ctrl-C cancels the task in which a command waits."""
    simulated = net(simulate, Single(name="work", actor="hanging"), make_machine(EffectClass.KEYED))
    begun = anyio.Event()
    simulated._parts["actor", "hanging"] = Unruly(begun.set, waits=True)
    await drop(simulated, 1)
    async with simulated.up() as engine:
        command = asyncio.ensure_future(engine.wake("watch", by="person:test"))
        await begun.wait()
        command.cancel()
        with pytest.raises(asyncio.CancelledError):
            await command
        assert not await nodes_of(simulated)
    simulated._parts["actor", "hanging"] = Unruly(lambda: None, waits=False)
    async with simulated.up():
        await simulated.live(HOUR)
        assert (await last_move(simulated)).outcome is Outcome.DONE


class Impatient:
    """Gives its helper up while that is in the middle of a call, and goes on when the call has ended."""

    def __init__(self, *, natively: bool) -> None:
        self.natively = natively
        self.gone, self.called = anyio.Event(), anyio.Event()
        self.give_up: Callable[[], object] = lambda: None

    async def act(self, context: Context, work: Work) -> HandOff:
        task, scope = asyncio.current_task(), anyio.CancelScope()
        assert task is not None
        self.give_up = task.cancel if self.natively else scope.cancel
        try:
            with scope:
                await context.ask("acting", work, tools={"machine": ()})
        except asyncio.CancelledError:
            task.uncancel()
        self.gone.set()
        await self.called.wait()
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by="test"), scope=())


@pytest.mark.parametrize("natively", [False, True])
async def test_who_waits_for_a_helper_no_longer_cuts_off_none_of_its_calls(
    simulate: Simulate, make_machine: Any, natively: bool
) -> None:
    impatient = Impatient(natively=natively)

    class Slow(make_machine):  # type: ignore[misc]
        async def call(self, arguments: Any, key: str) -> Any:
            impatient.give_up()
            try:
                await impatient.gone.wait()
                return await super().call(arguments, key)
            finally:
                impatient.called.set()

    machine = Slow(EffectClass.ONCE)
    simulated = net(simulate, Single(name="work", actor="impatient", tools=("machine",)), machine)
    simulated._parts["actor", "impatient"] = impatient
    await drop(simulated, 1)
    async with simulated.up():
        await simulated.live(HOUR)
        calls = [step for step in await steps.of_run(simulated.store, 1) if step.kind is StepKind.TOOL]
    assert len(machine.applied) == 1
    assert [step.state for step in calls] == [State.SUCCESS]
