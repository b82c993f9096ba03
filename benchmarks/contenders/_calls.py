"""How a call is timed: 64 at once and one at a time, its latency, its CPU, and what memory it leaves behind."""

from __future__ import annotations

import asyncio
import resource
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from _measure import report

__all__ = ["CALLS", "calls", "in_memory", "quantile"]

AT_ONCE = (64, 1)
CALLS = {64: 4_000, 1: 400}
"""How many calls each figure is taken from."""

_WARM = 64


def _nothing(at_once: int) -> None:
    """Nothing else is told."""


async def calls(
    call: Callable[[], Awaitable[object]], *, most: int | None = None, each: Callable[[int], None] = _nothing
) -> None:
    """Time a call; `most` is how many of them, 64 at once, where not as many as usual. `each` tells what else is known
    of these calls."""
    for at_once in AT_ONCE:
        await _together(call, _WARM, at_once)
        count = most if most and at_once == AT_ONCE[0] else CALLS[at_once]
        cpu, began = _cpu(), time.perf_counter()
        latencies = await _together(call, count, at_once)
        seconds, used = time.perf_counter() - began, _cpu() - cpu
        report(f"calls, {at_once} at once", count / seconds, "calls/s")
        report(f"a call, half are faster, {at_once} at once", quantile(latencies, 0.5) * 1_000, "ms")
        report(f"a call, 99 of 100 are faster, {at_once} at once", quantile(latencies, 0.99) * 1_000, "ms")
        report(f"CPU of a call, {at_once} at once", used / count * 1_000, "ms")
        each(at_once)


async def _together(call: Callable[[], Awaitable[object]], count: int, at_once: int) -> list[float]:
    """The latencies of so many calls, in seconds."""
    left, took = count, []

    async def caller() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            began = time.perf_counter()
            await call()
            took.append(time.perf_counter() - began)

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
