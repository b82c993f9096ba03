"""How every contender is timed: the same work, the same clock, the same figures. The standard library alone."""

from __future__ import annotations

import asyncio
import heapq
import json
import os
import secrets
import sqlite3
import time
from collections.abc import Awaitable, Callable, Sequence
from itertools import pairwise
from pathlib import Path

__all__ = ["AGENTS", "PACE", "STEPS", "WAL", "from_heap", "idle_wakes", "look", "make_folder", "report", "steps"]

STEPS = 10
"""Steps in a run, each durable before the next begins."""

AGENTS = 500
"""Agents that are due at once."""

WAL = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
"""The durability of every contender."""

_AT_ONCE = (64, 1)
_RESULTS = (2, 100, 1_000, 10_000)
_IN_FLIGHT = 256
_SECONDS = 1.0
"""How long each figure is measured."""


def report(what: str, value: float, unit: str, *, against: str | None = None) -> None:
    """Print a reading. `against` is what the peers call the measure that it is compared with."""
    print(json.dumps({"what": what, "value": value, "unit": unit, "against": against or what}), flush=True)


class _Pace:
    """When the body of each step began. As the body is empty, the time to the next one of its run is what being
    durable adds to a step. `size` is how long a result is."""

    def __init__(self) -> None:
        self._began: dict[str, list[float]] = {}
        self._noise, self._at = secrets.token_hex(500_000), 0
        self.size = 2

    def tick(self, run: str) -> str:
        """A step of this run begins; its result, which cost next to nothing to make."""
        self._began.setdefault(run, []).append(time.perf_counter())
        self._at = (self._at + 7_919) % (len(self._noise) - self.size)
        return self._noise[self._at : self._at + self.size]

    def take(self, runs: int) -> list[float]:
        """The latencies since the last time, sorted. Raises AssertionError unless so many runs did ten steps each."""
        assert [len(times) for times in self._began.values()] == [STEPS] * runs, "a run did not do each step once"
        gaps = (after - before for times in self._began.values() for before, after in pairwise(times))
        found = sorted(gaps)
        self._began.clear()
        return found


PACE = _Pace()

Flow = Callable[[str], Awaitable[object]]
Prepare = Callable[[Sequence[str]], Awaitable[object]]


async def steps(flow: Flow, file: Path | None, *, prepare: Prepare | None = None, around: str = "") -> None:
    """Time runs of ten steps, 64 at once and one at a time. `file` is the database that they are kept in, if it is one.

    `prepare` makes the next runs ready and is not measured; `around` names what is measured besides the steps.
    """
    work = _Work(flow, file, prepare)
    for at_once in _AT_ONCE:
        await work.batch(_names(1, f"warm {at_once}{around}"))
        PACE.take(1)
        before = work.seconds
        runs = 0
        while work.seconds - before < _SECONDS:
            await work.batch(_names(at_once, f"{runs}{around}"))
            runs += at_once
        _report_steps(at_once, around, runs * STEPS / (work.seconds - before), PACE.take(runs))
    if file:
        for size in _RESULTS:
            await _report_bytes(work, size, around)


class _Work:
    """Batches of runs, and what they have taken: seconds, and bytes of the database."""

    def __init__(self, flow: Flow, file: Path | None, prepare: Prepare | None) -> None:
        self._flow, self._file, self._prepare = flow, file, prepare
        self.seconds, self.bytes = 0.0, 0

    async def batch(self, runs: Sequence[str]) -> None:
        """Runs side by side, to their end."""
        if self._prepare:
            await self._prepare(runs)
        size, began = self._size(), time.perf_counter()
        async with asyncio.TaskGroup() as tasks:
            for run in runs:
                tasks.create_task(_awaited(self._flow(run)))
        self.seconds += time.perf_counter() - began
        self.bytes += self._size() - size

    def _size(self) -> int:
        """The bytes of the database, as it stands with its log folded in; 0 where there is none."""
        if self._file is None:
            return 0
        connection = sqlite3.connect(self._file)
        pages, size = (int(connection.execute(f"PRAGMA {name}").fetchone()[0]) for name in ("page_count", "page_size"))
        connection.close()
        return pages * size


def _names(at_once: int, batch: str) -> list[str]:
    """Runs that nobody has seen before."""
    return [f"{at_once}/{batch}/{number}" for number in range(at_once)]


async def _awaited(work: Awaitable[object]) -> None:
    await work


def _report_steps(at_once: int, around: str, rate: float, latencies: Sequence[float]) -> None:
    named = f"{at_once} at once"
    report(f"steps{around}, {named}", rate, "steps/s", against=f"steps, {named}")
    if not around:
        report(f"added to a step, half less, {named}", latencies[len(latencies) // 2] * 1e6, "µs")
        report(f"added to a step, 99 of 100 less, {named}", latencies[len(latencies) * 99 // 100] * 1e6, "µs")


async def _report_bytes(work: _Work, size: int, around: str) -> None:
    """What a step leaves on disk, beyond 1.2 times a result of so many bytes."""
    PACE.size = size
    before, runs = work.bytes, max(_AT_ONCE)
    await work.batch(_names(runs, f"{size} bytes{around}"))
    PACE.take(runs)
    PACE.size = 2
    beyond = (work.bytes - before) / runs / STEPS - 1.2 * size
    what = f"on disk beyond 1.2 times its result of {size:,} bytes, a step"
    report(f"{what}{around}", beyond, "bytes", against=what)


async def idle_wakes(all_once: Callable[[], Awaitable[object]]) -> None:
    """Time wake-ups that find nothing. `all_once` wakes every agent once, each wake-up durable when it ends."""
    await all_once()
    began, cpu, rounds = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - began < _SECONDS:
        await all_once()
        rounds += 1
    woken = rounds * AGENTS
    report("idle wakes", woken / (time.perf_counter() - began), "wakes/s")
    report("CPU of an idle wake", (time.process_time() - cpu) / woken * 1e6, "µs")


def make_folder() -> Path:
    """A folder with something in it that is never new again."""
    folder = Path("inbox").absolute()
    folder.mkdir(exist_ok=True)
    (folder / "old.txt").write_text("newsletter " * 100, "utf-8")
    return folder


def look(folder: Path, known: dict[str, tuple[int, int]]) -> bool:
    """Poll a folder: is there a file that is new or changed since the last look?"""
    with os.scandir(folder) as entries:
        stamps = {entry.name: (entry.stat().st_mtime_ns, entry.stat().st_size) for entry in entries}
    news = stamps != known
    known.update(stamps)
    return news


async def from_heap(wake: Callable[[int], Awaitable[object]]) -> None:
    """Wake every agent that is due, the longest waiting first, so many at once, and wait for all."""
    due = [(0.0, agent) for agent in range(AGENTS)]
    heapq.heapify(due)
    room = asyncio.Semaphore(_IN_FLIGHT)

    async def one(agent: int) -> None:
        await wake(agent)
        room.release()

    async with asyncio.TaskGroup() as tasks:
        while due[0][0] <= 0:
            await room.acquire()
            _, agent = heapq.heapreplace(due, (900.0, due[0][1]))
            tasks.create_task(one(agent))
