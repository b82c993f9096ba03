"""Held still: nothing new begins, what is under way is kept, and what came meanwhile is caught up with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from platos.core.event import Paused, Resumed
from platos.core.instant import HOUR, MINUTE, iso
from platos.core.item import Item, ItemState
from platos.core.state import State
from platos.errors import NotFound, Unavailable, UsageError
from platos.ports.source import Polled
from platos.store import agenda, occurrences
from platos.testing.workspace import SimulatedWorkspace

from .workers import Worker, drop_one, last_move, workspace

Simulate = Callable[..., SimulatedWorkspace]

ANA = "person:ana"
HOURLY = {"schedule": {"cron": "0 * * * *"}}
NAMES = ["watch", ""]


@pytest.fixture(params=NAMES, ids=["by name", "all"])
def name(request: pytest.FixtureRequest) -> str:
    """Who is paused: the specialist, or everything."""
    return str(request.param)


def held_in(worker: Worker, step: str) -> tuple[anyio.Event, Callable[[], Awaitable[None]]]:
    """Let a worker wait in a step, until the event is set."""
    go_on = anyio.Event()

    async def reached() -> None:
        while not worker.tried[step]:
            await anyio.lowlevel.checkpoint()

    worker.troubles[step] = [go_on.wait]
    return go_on, reached


async def paused_in_a_step(simulated: SimulatedWorkspace, worker: Worker, name: str) -> None:
    """Pause in the middle of the worker's first step, and let that end."""
    go_on, reached = held_in(worker, "one")
    await drop_one(simulated)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(simulated.engine.live, simulated.clock.now() + HOUR)
        await reached()
        await simulated.engine.pause(name, by=ANA)
        go_on.set()
        await simulated.engine.rest()
        tasks.cancel_scope.cancel()


async def test_no_step_begins_and_the_one_under_way_is_kept(simulate: Simulate, name: str) -> None:
    worker = Worker("one", "two")
    simulated = workspace(simulate, worker)
    async with simulated.up():
        await paused_in_a_step(simulated, worker, name)
        [row] = await simulated.runs()
        assert (row.state, row.due, (await last_move(simulated)).waits) == (State.PENDING, None, ("pause",))
    assert worker.done == {"one": 1}


async def test_resumed_a_run_goes_on_from_its_next_step(simulate: Simulate, name: str) -> None:
    worker = Worker("one", "two")
    simulated = workspace(simulate, worker)
    async with simulated.up() as engine:
        await paused_in_a_step(simulated, worker, name)
        await engine.resume(name, by=ANA)
        await engine.rest()
        assert (await simulated.runs())[0].state is State.SUCCESS
    assert worker.tried == {"one": 1, "two": 1}


async def test_a_pause_outlives_its_process(simulate: Simulate, name: str) -> None:
    worker = Worker("one", "two")
    simulated = workspace(simulate, worker)
    async with simulated.up():
        await paused_in_a_step(simulated, worker, name)
    async with simulated.up() as engine:
        await simulated.live(HOUR)
        assert (await simulated.runs())[0].state is State.PENDING
        await engine.resume(name, by=ANA)
        await engine.rest()
        assert (await simulated.runs())[0].state is State.SUCCESS
    assert worker.tried == {"one": 1, "two": 1}


async def test_no_wake_up_begins_and_the_slot_stays_due(simulate: Simulate, name: str) -> None:
    simulated = simulate(**HOURLY)
    async with simulated.up() as engine:
        await engine.pause(name, by=ANA)
        await simulated.live(3 * HOUR)
        row = await simulated.specialist("watch")
    assert (row.wakes, iso(row.due)[11:16]) == (0, "08:00")


@pytest.mark.parametrize(
    ("catch_up", "wakes", "told"),
    [
        ("latest", 1, [("coalesced", 3), ("late", 1)]),
        ("all", 4, [("late", 1)]),
        ("none", 0, [("skipped", 4)]),
    ],
)
async def test_resumed_the_slots_of_the_pause_are_caught_up_with(
    simulate: Simulate, name: str, catch_up: str, wakes: int, told: list[tuple[str, int]]
) -> None:
    simulated = simulate(schedule={**HOURLY["schedule"], "catch_up": catch_up})
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.pause(name, by=ANA)
        await simulated.live(3 * HOUR + 30 * MINUTE)
        await engine.resume(name, by=ANA)
        await simulated.live(MINUTE)
        rows = await occurrences.latest(simulated.store, "watch", 99)
        assert (await simulated.specialist("watch")).wakes == wakes
    assert [(row.outcome, row.slots) for row in rows[::-1]] == told


async def test_the_slots_of_a_pause_are_caught_up_with_by_the_next_process(simulate: Simulate, name: str) -> None:
    simulated = simulate(**HOURLY)
    async with simulated.up() as engine:
        await engine.pause(name, by=ANA)
        await simulated.live(2 * HOUR)
    async with simulated.up() as engine:
        await simulated.live(HOUR)
        assert (await simulated.specialist("watch")).wakes == 0
        await engine.resume(name, by=ANA)
        await simulated.live(MINUTE)
        assert (await simulated.specialist("watch")).wakes == 1


async def test_a_wake_up_by_hand_is_refused(simulate: Simulate, name: str) -> None:
    async with simulate().up() as engine:
        await engine.pause(name, by=ANA)
        with pytest.raises(UsageError, match=f"watch is paused, by {ANA}, since 2026-03-02T07:59:00Z") as refused:
            await engine.wake("watch", by=ANA)
    assert refused.value.hint == f"platos resume {name or '--all'}"


async def test_only_the_one_who_is_paused_is_held_still(simulate: Simulate) -> None:
    simulated = simulate(others={"other": {}})
    async with simulated.up() as engine:
        await engine.pause("watch", by=ANA)
        await simulated.live(HOUR)
        assert (await simulated.specialist("other")).wakes == 4
        assert (await simulated.specialist("watch")).wakes == 0


async def test_what_is_paused_by_name_stays_so_when_everything_goes_on(simulate: Simulate) -> None:
    simulated = simulate(others={"other": {}})
    async with simulated.up() as engine:
        for each in NAMES:
            await engine.pause(each, by=ANA)
        await engine.resume("", by=ANA)
        await simulated.live(HOUR)
        assert (await simulated.specialist("other")).wakes == 4
        assert (await simulated.specialist("watch")).wakes == 0


class PausingSource:
    """A source in the middle of whose poll somebody pauses its specialist."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.simulated: Any = None

    async def poll(self, cursor: bytes | None) -> Polled:
        if cursor is None:
            await self.simulated.engine.pause(self.name, by=ANA)
        return Polled(cursor=b"1", items=(Item(id="a", text="An advisory."),))


@pytest.mark.parametrize("lives", [1, 2])
async def test_what_arrived_as_the_pause_began_is_judged_after_it(simulate: Simulate, name: str, lives: int) -> None:
    source = PausingSource(name)
    simulated = simulate(sources=["pausing"], parts={("source", "pausing"): source})
    source.simulated = simulated
    for _ in range(1, lives):
        async with simulated.up():
            await simulated.live(HOUR)
    async with simulated.up() as engine:
        await simulated.live(HOUR)
        assert len((await simulated.items("watch"))[ItemState.NEW]) == 1
        await engine.resume(name, by=ANA)
        await engine.rest()
        assert (await simulated.runs())[0].state is State.NEEDS_REVIEW


async def test_an_answer_that_is_given_in_a_pause_is_acted_on_after_it(simulate: Simulate, name: str) -> None:
    simulated = simulate()
    await drop_one(simulated)
    async with simulated.up() as engine:
        await simulated.live(15 * MINUTE)
        await engine.pause(name, by=ANA)
        await simulated.approve((await simulated.open_gates())[0])
        assert not simulated.workspace.outbox.exists()
        await engine.resume(name, by=ANA)
        await engine.rest()
    assert len(list(simulated.workspace.outbox.glob("*.md"))) == 1


async def test_the_engine_sleeps_while_something_is_due_that_is_paused(
    simulate: Simulate, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = Worker("one", troubles={"one": [Unavailable("nobody listens")]})
    simulated = workspace(simulate, worker)
    await drop_one(simulated)
    looks: Counter[int] = Counter()
    look = agenda.look

    async def counted(store: Any, now: int) -> agenda.Agenda:
        looks[now] += 1
        return await look(store, now)

    monkeypatch.setattr(agenda, "look", counted)
    async with simulated.up() as engine:
        await engine.wake("watch", by=ANA)
        await engine.pause(name, by=ANA)
        await simulated.live(20 * HOUR)
        assert (await simulated.runs())[0].state is State.PENDING
    assert looks.total() < 8


async def test_a_pause_says_who_and_why_in_the_journal(simulate: Simulate, name: str) -> None:
    simulated = simulate()
    async with simulated.up() as engine:
        await engine.pause(name, by=ANA, why="the source is being moved")
        await engine.resume(name, by=ANA)
        told = await simulated.events("specialist:watch" if name else "system")
    *_, paused, resumed = told
    assert isinstance(paused, Paused)
    assert isinstance(resumed, Resumed)
    assert (paused.by, paused.why, resumed.by) == (ANA, "the source is being moved", ANA)


async def test_nobody_of_that_name_is_paused(simulate: Simulate) -> None:
    async with simulate().up() as engine:
        with pytest.raises(NotFound):
            await engine.pause("nobody", by=ANA)


async def test_what_is_paused_is_not_paused_again(simulate: Simulate, name: str) -> None:
    async with simulate().up() as engine:
        await engine.pause(name, by=ANA)
        with pytest.raises(UsageError, match=f"{name or 'everything'} is paused already, by {ANA}"):
            await engine.pause(name, by="person:bob")


async def test_what_is_not_paused_is_not_resumed(simulate: Simulate, name: str) -> None:
    async with simulate().up() as engine:
        with pytest.raises(NotFound, match=f"{name or 'everything'} is not paused"):
            await engine.resume(name, by=ANA)


async def test_two_who_resume_at_once_both_come_through(simulate: Simulate, name: str) -> None:
    simulated = simulate()
    async with simulated.up() as engine:
        await engine.pause(name, by=ANA)
        async with anyio.create_task_group() as tasks:
            for _ in range(2):
                tasks.start_soon(_resume_if_paused, simulated, name)
        await simulated.live(HOUR)
        assert (await simulated.specialist("watch")).wakes == 4


async def _resume_if_paused(simulated: SimulatedWorkspace, name: str) -> None:
    try:
        await simulated.engine.resume(name, by=ANA)
    except NotFound:
        return  # the other one was first
