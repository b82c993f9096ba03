"""The supervisor answers crashes, a bounded number of times; a full mailbox holds its senders back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from platos.core.handoff import Artifact, HandOff, Work
from platos.core.instant import HOUR
from platos.core.plan import FanOut, Plan, Single
from platos.core.state import Outcome, State
from platos.core.step import StepKind
from platos.errors import Broken, RateLimited
from platos.ports.actor import Context
from platos.ports.planner import Brief
from platos.runtime.live.mailbox import Mailbox
from platos.runtime.live.supervisor import Supervisor
from platos.store import steps
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]


def done(context: Context) -> HandOff:
    return context.hand_off(Artifact(kind="report", title="Done", claims=(), by=context.signature), scope=())


class Crashing:
    """An actor that crashes this many times on an item, after a step; `started` and `stepped` count."""

    def __init__(self, **crashes: int) -> None:
        self.crashes = dict(crashes)
        self.started = self.stepped = 0

    async def act(self, context: Context, work: Work) -> HandOff:
        self.started += 1
        await context.step("count", self.count, returns=int)
        item = work.items[0].item
        if self.crashes.get(item, 0):
            self.crashes[item] -= 1
            raise ZeroDivisionError("of all things")
        return done(context)

    def count(self) -> int:
        self.stepped += 1
        return self.stepped


class Asking:
    """An actor that lets a crashing one do the work."""

    async def act(self, context: Context, work: Work) -> HandOff:
        return await context.ask("crashing", work)


class Each:
    """A planner that gives each item to the crashing actor."""

    async def plan(self, brief: Brief) -> Plan:
        body = Single(name="work", actor="crashing")
        return Plan(root=FanOut(name="each", body=body), why="they are many", by="each")


@pytest.fixture
def run_with(simulate: Simulate) -> Callable[..., Any]:
    """An hour with some signals for a planner and a crashing actor."""

    async def run(actor: Crashing, planner: Any, items: int = 1) -> SimulatedWorkspace:
        parts = {("actor", "crashing"): actor, ("actor", "asking"): Asking(), ("planner", "mine"): planner}
        simulated = simulate(planner="mine", tools=[], done_when=[], parts=parts)
        for number in range(items):
            await simulated.drop(f"inbox/{number}.txt", f"Advisory {number}.")
        async with simulated.up():
            await simulated.live(HOUR)
        return simulated

    return run


async def test_an_actor_that_crashes_twice_is_started_again_and_succeeds(run_with: Any, one_node: Any) -> None:
    actor = Crashing(i1=2)
    simulated = await run_with(actor, one_node("crashing"))
    async with simulated.up():
        assert (await simulated.runs())[0].outcome is Outcome.DONE
    assert actor.started == 3


async def test_an_actor_that_is_started_again_finds_its_finished_steps(run_with: Any, one_node: Any) -> None:
    actor = Crashing(i1=2)
    await run_with(actor, one_node("crashing"))
    assert actor.stepped == 1


async def test_an_actor_that_always_crashes_fails_its_node_with_the_reason(run_with: Any, one_node: Any) -> None:
    actor = Crashing(i1=99)
    simulated = await run_with(actor, one_node("crashing"))
    async with simulated.up():
        [run] = await simulated.runs()
    assert run.state is State.FAILED
    assert "ZeroDivisionError: of all things" in run.why
    assert actor.started == 3


async def test_a_branch_that_fails_stops_no_other(run_with: Any) -> None:
    simulated = await run_with(Crashing(i2=99), Each(), items=3)
    async with simulated.up():
        [run] = await simulated.runs()
        nodes = {step.path: step.state for step in await steps.of_run(simulated.store, 1) if step.name == "node"}
    assert nodes == {
        "each[i1]/work": State.SUCCESS,
        "each[i2]/work": State.FAILED,
        "each[i3]/work": State.SUCCESS,
    }
    assert run.state is State.FAILED


async def test_a_question_to_another_actor_is_a_step_of_who_asks(run_with: Any, one_node: Any) -> None:
    simulated = await run_with(Crashing(), one_node("asking"))
    async with simulated.up():
        [asked] = [step for step in await steps.of_run(simulated.store, 1) if step.kind is StepKind.ASK]
        [run] = await simulated.runs()
    assert (asked.path, asked.name, asked.state) == ("work", "ask crashing", State.SUCCESS)
    assert run.outcome is Outcome.DONE


async def test_whoever_is_asked_keeps_steps_of_its_own(run_with: Any, one_node: Any) -> None:
    simulated = await run_with(Crashing(), one_node("asking"))
    async with simulated.up():
        paths = {step.path for step in await steps.of_run(simulated.store, 1) if step.name == "count"}
    assert paths == {"work/crashing[1]"}


async def test_a_supervised_actor_answers_letters_in_their_order() -> None:
    seen: list[int] = []

    async def behave(message: int) -> int:
        seen.append(message)
        await anyio.lowlevel.checkpoint()
        return message * 2

    async with anyio.create_task_group() as tasks:
        actor = Supervisor(tasks, crashes=3).start("doubler", behave)
        answers: dict[int, int] = {}

        async def ask(number: int) -> None:
            answers[number] = await actor.ask(number)

        for number in range(100):
            tasks.start_soon(ask, number)
    assert seen == list(range(100))
    assert answers == {number: number * 2 for number in range(100)}


async def test_a_failure_is_an_answer_and_no_crash() -> None:
    started = []

    async def behave(message: int) -> int:
        started.append(message)
        raise RateLimited("slow down")

    async with anyio.create_task_group() as tasks:
        with pytest.raises(RateLimited):
            await Supervisor(tasks, crashes=3).start("busy", behave).ask(1)
    assert started == [1]


async def test_after_too_many_crashes_who_asked_is_told() -> None:
    async def behave(message: int) -> int:
        return message // 0

    async with anyio.create_task_group() as tasks:
        with pytest.raises(Broken, match="crashed 3 times"):
            await Supervisor(tasks, crashes=3).start("broken", behave).ask(1)


async def test_a_full_mailbox_holds_its_sender_back() -> None:
    mailbox: Mailbox[int] = Mailbox(bound=2)
    async with anyio.create_task_group() as tasks:

        async def send() -> None:
            for number in range(3):
                await mailbox.put(number)

        tasks.start_soon(send)
        await anyio.wait_all_tasks_blocked()
        assert len(mailbox) == 2
        assert mailbox.take() == 0
        await anyio.wait_all_tasks_blocked()
        assert [mailbox.take(), mailbox.take()] == [1, 2]
    assert mailbox.take() is None
