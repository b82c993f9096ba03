"""Platos: what a long past of closed runs changes. The time to the first resumed run of a fresh process; then a quiet
wake-up, a step and a whole run, in turns in a workspace without that past and in one with it.

`history_platos.py MOST`, which is how many closed runs there are in the end.
"""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from statistics import median

import anyio.to_thread
from _cut_off import ARRIVALS, begin, die, in_lives
from _measure import STEPS, report
from _open_runs import OpenRuns, item, planned
from _past import add_past
from _platos import add_specialist, engine_on, host_on, make_workspace

from platos.app import load_app
from platos.clock import VirtualClock
from platos.core.instant import DAY, HOUR, MINUTE
from platos.runtime.assemble import assemble
from platos.runtime.drive import drive
from platos.runtime.engine import Engine
from platos.runtime.host import Host
from platos.runtime.wake import Wake
from platos.runtime.wakeup import wake_up
from platos.store import meta, runs
from platos.store.sound import verify_file

FRONT_MATTER = """
schedule: "{schedule}"
sources:
  - directory: {{path: inbox}}
triage:
  - rules: {{signal: [{{words: [count]}}]}}
planner: {planner}
"""
WITHOUT, WITH = Path("without"), Path("with")
BUSY, CUT = "busy", "cut"
START = 1_790_000_000_000_000
COMPARED = START + HOUR
SAMPLE = 1_000
SIZES = (SAMPLE, 10_000, 100_000, 1_000_000)
RESTARTS = 5
ROUNDS = 20
AT_ONCE = 20
QUIET = HOUR

Side = tuple[Engine, Host]
NUMBERS = count()


def story() -> None:
    """A past that grows, looked at on its way."""
    most, closed = int(sys.argv[1]), 0
    begin("cut_off")
    for size in [0, *(size for size in SIZES if size <= most)]:
        if size:
            begin("grow", str(closed + 1), str(size))
        if size > SAMPLE:
            begin("resume", f"{size:,} closed runs, most of them since the last start")
        for _ in range(RESTARTS if size != SAMPLE else 0):
            begin("resume", f"{size:,} closed runs")
        closed = size
    begin("compare", f"{closed:,}")


async def cut_off() -> None:
    """Two workspaces: `busy` has a past, or will have; `cut` has a run that is cut off."""
    parts = [Path(__file__).with_name(f"_{name}.py") for name in ("one_step", "ten_steps", "cut_steps")]
    for root in (WITHOUT, WITH):
        rarely = FRONT_MATTER.format(schedule="0 0 1 1 *", planner="one-step")
        make_workspace(rarely, [BUSY], parts=parts, root=root)
    add_specialist(WITH, CUT, FRONT_MATTER.format(schedule="0 0 1 1 *", planner="cut-steps"))
    async with host_on(load_app(WITH, environ={}, clock=VirtualClock(START))) as host, asyncio.TaskGroup() as tasks:
        run = await planned(Wake(host, CUT, given=(item("cut"),)))
        async with assemble(run) as net:
            tasks.create_task(drive(net))
            await ARRIVALS.all(1)
            die()


async def grow(first: str, last: str) -> None:
    """So many closed runs more. A sample of them is verified: entry by entry, row by row."""
    app = load_app(WITH, environ={}, clock=VirtualClock(START + int(first)), inline=True)
    async with host_on(app, inline=True) as host:
        await add_past(host, BUSY, int(first), int(last))
    if int(last) <= SAMPLE:
        await anyio.to_thread.run_sync(verify_file, WITH / ".platos" / "platos.db")


async def resume(past: str) -> None:
    """From opening the store to the next step of the run that was cut off, by the engine."""
    app = load_app(WITH, environ={}, clock=VirtualClock(START + MINUTE))
    began = time.perf_counter()
    async with app.engine("benchmark") as engine, asyncio.TaskGroup() as tasks:
        tasks.create_task(engine.live())
        await ARRIVALS.all(1)
        report(f"to the first resumed run, {past}", (time.perf_counter() - began) * 1e3, "ms")
        die()


async def compare(most: str) -> None:
    """CPU, with all of it on one thread, as median of the rounds; and how it grows, as median of each round's ratio.
    What is done once a day has been done.
    """
    async with AsyncExitStack() as stack:
        sides: list[Side] = []
        for root in (WITHOUT, WITH):
            async with host_on(load_app(root, environ={}, clock=VirtualClock(START))) as host:
                await host.store.transact(meta.put, meta.HOUSE, COMPARED + DAY)
            add_specialist(root, BUSY, FRONT_MATTER.format(schedule="* * * * *", planner="ten-steps"))
            clock = VirtualClock(COMPARED)
            sides.append(await stack.enter_async_context(engine_on(root, clock=clock, inline=True)))
        engine, host = sides[1]
        for run in await runs.open_runs(host.store):
            await engine.cancel(run.id, by="person:bench")
        for what, measure in (("a quiet wake-up", quiet), ("a step", step), ("a run of ten steps", whole_run)):
            await report_growth(what, most, sides, measure)


async def report_growth(
    what: str, most: str, sides: list[Side], measure: Callable[[Engine, Host], Awaitable[float]]
) -> None:
    kept: tuple[list[float], list[float]] = [], []
    turns = list(zip(sides, kept, strict=True))
    for _ in range(ROUNDS):
        for (engine, host), values in turns:
            values.append(await measure(engine, host) * 1e6)
        turns.reverse()
    without, with_it = kept
    grown = [after / before - 1 for before, after in zip(without, with_it, strict=True)]
    report(f"CPU of {what}, 0 closed runs", median(without), "µs")
    report(f"CPU of {what}, {most} closed runs", median(with_it), "µs")
    report(f"CPU of {what}, grown by", median(grown) * 100, "%")


async def quiet(engine: Engine, host: Host) -> float:
    """Wake-ups that find nothing, each minute."""
    began = time.process_time()
    await engine.live(host.now() + QUIET)
    return (time.process_time() - began) / (QUIET / MINUTE)


async def step(engine: Engine, host: Host) -> float:
    """Steps of a live net."""
    opened, spent = OpenRuns(host, [BUSY]), 0.0
    for _ in range(AT_ONCE):
        name = str(next(NUMBERS))
        await opened.prepare([name])
        began = time.process_time()
        await opened.flow(name)
        spent += time.process_time() - began
    await opened.prepare([])
    return spent / AT_ONCE / STEPS


async def whole_run(engine: Engine, host: Host) -> float:
    """Runs from the wake-up to the close."""
    began = time.process_time()
    for _ in range(AT_ONCE):
        await wake_up(Wake(host, BUSY, given=(item(str(next(NUMBERS))),), by="person:bench"))
    return (time.process_time() - began) / AT_ONCE


in_lives(cut_off, grow, resume, compare, story=story)
