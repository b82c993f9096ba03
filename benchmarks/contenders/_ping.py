"""How asks of live actors are timed, and what idle ones hold: the same for everybody. The standard library alone."""

from __future__ import annotations

import gc
import os
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence

from _measure import report

__all__ = ["COLD", "TIMEOUT", "WARM", "ask", "ask_blocking", "memory"]

TIMEOUT = 30.0
"""Seconds that an ask waits, where it has a limit."""

WARM = "asks of an actor"
COLD = "asks of actors that were never asked before"

_SECONDS = 1.0
_BATCH = 200


async def ask(what: str, once: Callable[[int], Awaitable[object]], *, against: str | None = None) -> None:
    """Time asks, one after the other. `once` asks with a number, and its answer is that number."""
    for number in range(_BATCH):
        assert await once(number) == number
    began, asked = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < _SECONDS:
        for number in range(_BATCH):
            await once(number)
        asked += _BATCH
    report(what, asked / took, "asks/s", against=against)


def ask_blocking(what: str, once: Callable[[int], object]) -> None:
    """The same for who blocks its thread while it waits."""
    for number in range(_BATCH):
        assert once(number) == number
    began, asked = time.perf_counter(), 0
    while (took := time.perf_counter() - began) < _SECONDS:
        for number in range(_BATCH):
            once(number)
        asked += _BATCH
    report(what, asked / took, "asks/s")


async def memory(make: Callable[[int], Awaitable[Sequence[object]]], count: int) -> None:
    """What an idle actor holds: in all of the process, and of what Python allocated. `make` makes so many, and they
    have been asked once, each; it is called twice."""
    kept = [await make(100)]
    gc.collect()
    before = _resident()
    kept.append(await make(count))
    gc.collect()
    report("memory of an idle actor", (_resident() - before) / count, "bytes")
    few = max(count // 10, 100)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    kept.append(await make(few))
    gc.collect()
    held = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    report("of it allocated by Python", held / few, "bytes")


def _resident() -> int:
    """The bytes of this process that lie in memory."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
