"""The owner is told when half, four fifths and all of a cap is spent: each once, in each window anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

import pytest

from platos.core.event import AccountReached
from platos.core.instant import DAY
from platos.store import accounts
from platos.testing.workspace import SimulatedWorkspace

from .askers import Asker, asking, costing, priced
from .workers import drop_one

Simulate = Callable[..., SimulatedWorkspace]

TODAY = "specialist/watch/2026-03-02"
WIDE = {"run": 1, "item": 1}


async def told(simulated: SimulatedWorkspace) -> dict[str, list[int]]:
    """The marks that were told of each account, in order."""
    marks = defaultdict(list)
    for event in await simulated.events("system"):
        if isinstance(event, AccountReached):
            marks[event.account].append(event.percent)
    return dict(marks)


def spending(simulate: Simulate, calls: int, tokens: int, **budget: Any) -> SimulatedWorkspace:
    """A run of so many calls, of so many tokens each."""
    model = priced(4_000_000_000, *[costing(tokens)] * calls)
    return asking(simulate, {"dear": model}, asker=Asker(calls), budget={**WIDE, **budget})


async def worked(simulated: SimulatedWorkspace) -> dict[str, list[int]]:
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.wake("watch", by="person:test")
        return await told(simulated)


async def test_each_mark_is_told_once_however_many_calls_follow(simulate: Simulate) -> None:
    assert (await worked(spending(simulate, 40, 500, day="0.05")))[TODAY] == [50, 80, 100]


async def test_nothing_is_told_below_half_of_a_cap(simulate: Simulate) -> None:
    assert await worked(spending(simulate, 4, 500, day="0.05")) == {}


async def test_a_call_that_passes_two_marks_tells_the_higher_alone(simulate: Simulate) -> None:
    assert (await worked(spending(simulate, 1, 1_700, day="0.0082")))[TODAY] == [80]


async def test_an_account_that_refuses_has_reached_its_cap_however_little_was_spent(simulate: Simulate) -> None:
    assert (await worked(spending(simulate, 1, 500, day="0.0001")))[TODAY] == [100]


async def test_a_refusal_that_is_met_again_is_not_told_again(simulate: Simulate) -> None:
    simulated = spending(simulate, 1, 500, day="0.0001")
    await worked(simulated)
    await drop_one(simulated, "another")
    assert (await worked(simulated))[TODAY] == [100]


async def test_a_cap_on_calls_is_told_of_as_well(simulate: Simulate) -> None:
    marks = await worked(spending(simulate, 10, 10, day={"calls": 10}))
    assert marks[f"{TODAY}:calls"] == [50, 80, 100]


async def test_the_next_window_is_told_of_anew(simulate: Simulate) -> None:
    simulated = spending(simulate, 40, 500, day="0.05")
    await worked(simulated)
    async with simulated.up():
        await simulated.live(DAY)
        marks = await told(simulated)
    assert marks["specialist/watch/2026-03-03"] == [50]


async def test_nobody_is_told_of_the_accounts_of_runs_and_items(simulate: Simulate) -> None:
    simulated = spending(simulate, 4, 500, run="0.01", item="0.01")
    assert await worked(simulated) == {}
    async with simulated.up():
        spent = {row.name: row.spent for row in await accounts.every(simulated.store)}
    assert spent["run/1"] >= 5_000_000


async def test_the_owner_reads_it_in_the_log(simulate: Simulate, caplog: pytest.LogCaptureFixture) -> None:
    await worked(spending(simulate, 40, 500, day="0.05"))
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith(TODAY)]
    assert lines == [f"{TODAY}: {mark} % of its cap is spent" for mark in (50, 80, 100)]
