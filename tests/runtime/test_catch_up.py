"""After a sleep, `catch_up` decides; every slot that was not quiet is accounted for by a row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from weakref import WeakValueDictionary

import anyio
import pytest

from platos.core.instant import DAY, HOUR, MINUTE, iso
from platos.runtime.wake import Wake
from platos.runtime.wakeup import wake_up
from platos.store import occurrences
from platos.store.occurrences import OccurrenceRow
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]


@pytest.fixture
def slept(simulate: Simulate) -> Callable[..., Any]:
    """What is known of a specialist that wakes at every full hour, after it slept from 8:59 to 14:29."""

    async def sleep(text: str, **schedule: Any) -> tuple[list[OccurrenceRow], Any]:
        simulated = simulate(schedule={"cron": "0 * * * *", **schedule})
        async with simulated.up():
            await simulated.live(HOUR)
        simulated.clock.advance_to(simulated.clock.now() + 5 * HOUR + 30 * MINUTE)
        await simulated.drop("inbox/note.txt", text)
        async with simulated.up():
            await simulated.live(MINUTE)
            rows = await occurrences.latest(simulated.store, "watch", 99)
            return rows[::-1], await simulated.specialist("watch")

    return sleep


def told(row: OccurrenceRow) -> tuple[str, str, str, int]:
    return row.outcome, iso(row.slot)[11:16], iso(row.last)[11:16], row.slots


async def test_latest_runs_the_last_slot_and_coalesces_the_others(slept: Any) -> None:
    rows, specialist = await slept("News.")
    assert [told(row) for row in rows] == [("coalesced", "09:00", "13:00", 5), ("late", "14:00", "14:00", 1)]
    assert iso(specialist.last_slot)[11:16] == "14:00"
    assert iso(specialist.due)[11:16] == "15:00"


async def test_all_runs_every_slot_one_by_one(slept: Any) -> None:
    rows, specialist = await slept("News.", catch_up="all")
    assert [told(row) for row in rows] == [("late", "09:00", "09:00", 1)]
    assert (specialist.wakes, specialist.quiet) == (7, 6)


async def test_none_runs_nothing_that_is_past(slept: Any) -> None:
    rows, specialist = await slept("News.", catch_up="none")
    assert [told(row) for row in rows] == [("skipped", "09:00", "14:00", 6)]
    assert specialist.wakes == 1
    assert iso(specialist.due)[11:16] == "15:00"


async def test_what_is_older_than_its_grace_is_skipped(slept: Any) -> None:
    rows, _ = await slept("News.", grace="2h")
    assert [told(row)[:2] for row in rows] == [("skipped", "09:00"), ("coalesced", "13:00"), ("late", "14:00")]


async def test_slots_that_are_coalesced_into_a_quiet_one_are_told(simulate: Simulate) -> None:
    simulated = simulate(schedule="0 * * * *")
    async with simulated.up():
        await simulated.live(HOUR)
        simulated.clock.advance_to(simulated.clock.now() + 3 * HOUR)
        await simulated.live(MINUTE)
        rows = await occurrences.latest(simulated.store, "watch", 99)
        row = await simulated.specialist("watch")
    assert [told(each)[0] for each in rows] == ["coalesced"]
    assert row.quiet == row.wakes


async def test_a_wake_up_in_time_that_finds_something_ran(simulate: Simulate) -> None:
    simulated = simulate(schedule="0 * * * *")
    await simulated.drop("inbox/note.txt", "News.")
    async with simulated.up():
        await simulated.live(DAY)
        [row] = await occurrences.latest(simulated.store, "watch", 99)
    assert (told(row), row.items) == (("ran", "08:00", "08:00", 1), 1)


@pytest.mark.parametrize("text", ["", "An advisory."])
async def test_a_slot_is_claimed_once_although_two_wake_ups_race_for_it(simulate: Simulate, text: str) -> None:
    simulated = simulate(tools=[], done_when=[])
    if text:
        await simulated.drop("inbox/note.txt", text)
    async with simulated.up() as engine:
        row = await simulated.specialist("watch")
        assert row.due is not None
        simulated.clock.advance_to(row.due)
        one, other = engine._host, replace(engine._host, _locks=WeakValueDictionary())
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(wake_up, Wake(one, "watch", row.due))
            tasks.start_soon(wake_up, Wake(other, "watch", row.due))
        after = await simulated.specialist("watch")
        assert (after.wakes, after.quiet) == (1, 0 if text else 1)
        assert len(await simulated.runs()) == bool(text)
