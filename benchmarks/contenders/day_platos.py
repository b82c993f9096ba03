"""Platos: a specialist that wakes every quarter of an hour over an empty folder, `day_platos.py DAYS` on the virtual
clock. No thread, no model."""

import os
import sys
import time
from pathlib import Path

import anyio
from _measure import report
from _platos import engine_on, make_workspace

from platos.clock import VirtualClock
from platos.core.instant import DAY
from platos.store import accounts, specialists

FRONT_MATTER = """
schedule: "*/15 * * * *"
sources:
  - directory: {path: inbox}
triage:
  - rules: {dismiss: [{words: [newsletter]}]}
  - model
"""
START = 1_790_000_000_000_000
PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Bytes of memory that this process has."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * PAGE


async def main(days: int) -> None:
    root, clock = make_workspace(FRONT_MATTER, ["quiet"]), VirtualClock(START)
    async with engine_on(root, clock=clock, inline=True) as (engine, _):
        await engine.live(START + DAY)
        began, cpu, memory = time.perf_counter(), time.process_time(), resident()
        await engine.live(START + (days + 1) * DAY)
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
        row = await specialists.find(engine.store, "quiet")
        assert row.wakes == row.quiet, "a wake-up over an empty folder found something"
        wakes = row.wakes * days // (days + 1)
        report(f"{days} days, a wake-up every 15 minutes", wall, "s")
        report("CPU of a wake-up", cpu / wakes * 1e6, "µs")
        report("model calls", sum(spent.calls for spent in await accounts.spend(engine.store, START)), "calls")
        report("litellm imported", int("litellm" in sys.modules), "times")
        report("memory at the end of the first day", memory / 2**20, "MiB")
        report("memory gained since", (resident() - memory) / 2**20, "MiB")


anyio.run(main, int(sys.argv[1]))
