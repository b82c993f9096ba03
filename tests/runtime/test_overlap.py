"""Runs of one specialist side by side: parked ones are in nobody's way, and of the others one works at a time."""

from __future__ import annotations

from collections.abc import Callable

import anyio

from platos.core.handoff import Artifact, HandOff, Work
from platos.core.instant import DAY, MINUTE
from platos.core.item import ItemState
from platos.core.plan import Plan, Single
from platos.core.state import State
from platos.ports.actor import Context
from platos.ports.planner import Brief
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

SLOT = 15 * MINUTE


class Slow:
    """An actor that works until it is let go; `working` are the items of those that work now, `most` how many did."""

    def __init__(self) -> None:
        self.working: list[str] = []
        self.most = 0
        self.done: list[str] = []
        self.let_go = anyio.Event()

    async def act(self, context: Context, work: Work) -> HandOff:
        name = " ".join(extract.item for extract in work.items)
        self.working.append(name)
        self.most = max(self.most, len(self.working))
        await self.let_go.wait()
        self.working.remove(name)
        self.done.append(name)
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by=context.signature), scope=())


class Alone:
    """A planner that gives all items to the slow actor."""

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="work", actor="slow"), why="it is all that there is", by="alone")


def slowly(simulate: Simulate, overlap: str) -> tuple[SimulatedWorkspace, Slow]:
    slow = Slow()
    parts = {("actor", "slow"): slow, ("planner", "alone"): Alone()}
    return simulate(planner="alone", tools=[], done_when=[], overlap=overlap, parts=parts), slow


async def _wake(simulated: SimulatedWorkspace) -> None:
    await simulated.engine.wake("watch", by="person:test")


async def test_a_run_that_is_parked_for_three_days_stops_no_later_wake_up(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/first.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(3 * DAY)
        await simulated.drop("inbox/second.txt", "Another advisory.")
        await simulated.drop("inbox/third.txt", "No news.")
        await simulated.live(SLOT)
        found = await simulated.items("watch")
        rows = await simulated.runs()
    assert [item.run for item in found[ItemState.SIGNAL]] == [1, 2]
    assert [item.item.id for item in found[ItemState.DISMISSED]] == ["third.txt"]
    assert [row.state for row in rows] == [State.NEEDS_REVIEW, State.NEEDS_REVIEW]


async def test_later_wake_ups_go_on_while_a_run_works(simulate: Simulate) -> None:
    simulated, slow = slowly(simulate, "queue")
    await simulated.drop("inbox/first.txt", "An advisory.")
    async with simulated.up():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(_wake, simulated)
            await anyio.wait_all_tasks_blocked()
            await simulated.drop("inbox/second.txt", "Another advisory.")
            tasks.start_soon(_wake, simulated)
            await anyio.wait_all_tasks_blocked()
            waiting = [item for item in (await simulated.items("watch"))[ItemState.SIGNAL] if item.run is None]
            assert [item.item.id for item in waiting] == ["second.txt"]
            slow.let_go.set()
        assert slow.done == ["i1", "i2"]


async def test_queued_signals_get_runs_of_their_own_one_at_a_time(simulate: Simulate) -> None:
    simulated, slow = slowly(simulate, "queue")
    await three_wake_ups(simulated, slow)
    assert slow.done == ["i1", "i2", "i3"]
    assert slow.most == 1


async def test_merged_signals_share_the_next_run(simulate: Simulate) -> None:
    simulated, slow = slowly(simulate, "merge")
    await three_wake_ups(simulated, slow)
    assert slow.done == ["i1", "i2 i3"]
    assert slow.most == 1


async def test_parallel_signals_are_worked_on_side_by_side_each_once(simulate: Simulate) -> None:
    simulated, slow = slowly(simulate, "parallel")
    await three_wake_ups(simulated, slow)
    assert sorted(slow.done) == ["i1", "i2", "i3"]
    assert slow.most == 3


async def three_wake_ups(simulated: SimulatedWorkspace, slow: Slow) -> None:
    """Three files, a wake-up for each, and nobody is done before the last of them has come."""
    async with simulated.up():
        async with anyio.create_task_group() as tasks:
            for name in ("a", "b", "c"):
                simulated.clock.advance_to(simulated.clock.now() + MINUTE)
                await simulated.drop(f"inbox/{name}.txt", f"Advisory {name}.")
                tasks.start_soon(_wake, simulated)
                await anyio.wait_all_tasks_blocked()
            slow.let_go.set()
        await simulated.engine.rest()
        assert {run.state for run in await simulated.runs()} == {State.SUCCESS}


async def test_an_answer_to_one_run_does_not_wait_for_another_that_is_parked(simulate: Simulate) -> None:
    simulated = simulate()
    async with simulated.up():
        for name in ("first", "second"):
            await simulated.drop(f"inbox/{name}.txt", f"The {name} advisory.")
            await simulated.live(SLOT)
        await simulated.approve((await simulated.open_gates())[1])
        assert [run.state for run in await simulated.runs()] == [State.NEEDS_REVIEW, State.SUCCESS]
