"""How a call is timed: where the provider answers at once, how many a second and what CPU they take; where it takes a
quarter to three quarters of a second, how much longer a call lasts than that."""

from __future__ import annotations

import asyncio
import random
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from _chat_server import serving
from _measure import report

__all__ = ["WARM", "Call", "at", "calls", "in_memory", "tell_times", "together"]

Call = Callable[[float], Awaitable[object]]
"""A call that takes the provider so many seconds."""

_CALLS = {64: 3_000, 1: 400}
"""How many calls each figure is taken from, by how many at once."""

_SLOWER = {64: 640, 1: 10}
_SHORTEST, _LONGEST = 0.25, 0.75
WARM = 64


async def calls(prepare: Callable[[str], AbstractAsyncContextManager[Call]]) -> None:
    """Time calls; `prepare(base)` gives a call of the provider there, for as long as its block lasts."""
    async with at(prepare) as call:
        await together(call, WARM, WARM)
        for at_once, count in _CALLS.items():
            cpu, began = _cpu(), time.perf_counter()
            await together(call, count, at_once)
            seconds, used = time.perf_counter() - began, _cpu() - cpu
            report(f"calls, {at_once} at once", count / seconds, "calls/s")
            report(f"CPU of a call, {at_once} at once", used / count * 1_000, "ms")
    async with at(prepare) as call:
        await together(call, WARM, WARM)
        for at_once, count in _SLOWER.items():
            longer = await together(call, count, at_once, _SHORTEST, _LONGEST)
            tell_times("a call beyond the provider's time", longer, at_once)


@asynccontextmanager
async def at(prepare: Callable[[str], AbstractAsyncContextManager[Call]]) -> AsyncIterator[Call]:
    """A call of a provider of its own."""
    with serving() as base:
        async with prepare(base) as call:
            yield call


def tell_times(what: str, seconds: list[float], at_once: int) -> None:
    """Report what half, and 99 of 100, stay under."""
    report(f"{what}, half less, {at_once} at once", quantile(seconds, 0.5) * 1_000, "ms")
    report(f"{what}, 99 of 100 less, {at_once} at once", quantile(seconds, 0.99) * 1_000, "ms")


async def together(call: Call, count: int, at_once: int, least: float = 0, most: float = 0) -> list[float]:
    """So many calls, so many of them at once, each of which takes the provider some time between these; how much longer
    each took, in seconds. Where they take time, they do not all begin at one moment."""
    chance, left, took = random.Random(count), count, []

    async def caller() -> None:
        nonlocal left
        await asyncio.sleep(chance.uniform(0, most))
        while left > 0:
            left -= 1
            seconds = chance.uniform(least, most)
            began = time.perf_counter()
            await call(seconds)
            took.append(time.perf_counter() - began - seconds)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(caller())
    return took


def quantile(values: list[float], part: float) -> float:
    """The value that this part of them stays under."""
    found = sorted(values)
    return found[min(len(found) - 1, int(part * len(found)))]


def in_memory() -> float:
    """What the process holds in memory now, in MiB."""
    pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
    return pages * resource.getpagesize() / 2**20


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
