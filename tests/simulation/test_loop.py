"""One seed, one trace: what the simulation stands on."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from itertools import count
from typing import Any

import anyio
import anyio.lowlevel
import pytest

from tests.simulation.loop import Deadlock, SimulatedLoop, run


def trace_of(seed: int) -> tuple[list[int], str]:
    """Who came when, in a crowd of tasks that sleep, are cancelled, and wait for each other."""
    loop = SimulatedLoop(seed)
    return run(loop, crowd(loop)), loop.trace


async def crowd(loop: SimulatedLoop) -> list[int]:
    came: list[int] = []
    gate = anyio.Event()

    async def come(number: int) -> None:
        await gate.wait()
        await anyio.sleep(loop.chance.random() * 3_600)
        came.append(number)

    async with anyio.create_task_group() as tasks:
        for number in range(20):
            tasks.start_soon(come, number)
        with anyio.move_on_after(1_000):
            async with anyio.create_task_group() as cut_short:
                for number in range(20, 40):
                    cut_short.start_soon(come, number)
                gate.set()
    return came


def test_a_seed_has_one_trace() -> None:
    assert trace_of(7) == trace_of(7)


def test_every_seed_has_another_trace() -> None:
    assert len({trace_of(seed)[1] for seed in range(20)}) == 20


def test_tasks_that_wake_together_run_in_an_order_that_the_seed_draws() -> None:
    assert len({tuple(trace_of(seed)[0]) for seed in range(5)}) == 5


async def order_of_calls() -> list[int]:
    called: list[int] = []
    for number in range(9):
        asyncio.get_running_loop().call_soon(called.append, number)
    await asyncio.sleep(1)
    return called


def test_what_is_called_soon_keeps_its_order() -> None:
    assert run(SimulatedLoop(3), order_of_calls()) == list(range(9))


async def sleep_for_a_year(loop: SimulatedLoop) -> float:
    await anyio.sleep(365 * 86_400)
    return loop.time()


def test_a_year_of_sleep_takes_no_time() -> None:
    loop = SimulatedLoop(1)
    assert run(loop, sleep_for_a_year(loop)) == 365 * 86_400


async def wait_for_nobody() -> None:
    await anyio.Event().wait()


async def turn_for_ever() -> None:
    for _ in count():
        await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("stuck", [wait_for_nobody, turn_for_ever])
def test_a_simulation_in_which_nothing_happens_any_more_ends(stuck: Any) -> None:
    work: Coroutine[Any, Any, None] = stuck()
    with pytest.raises(Deadlock):
        run(SimulatedLoop(1), work)


async def strike_and_go_on(loop: SimulatedLoop) -> int:
    struck: list[int] = []
    loop.strike(5, lambda: struck.append(loop.wakes))
    for _ in range(20):
        await anyio.sleep(1)
    return struck[0]


def test_a_blow_falls_after_so_many_wake_ups() -> None:
    loop = SimulatedLoop(1)
    assert run(loop, strike_and_go_on(loop)) in (5, 6)
