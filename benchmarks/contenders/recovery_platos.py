"""Platos: open runs with five entries each in their journals, killed, and taken up by a fresh process."""

import asyncio
import time
from pathlib import Path

from _cut_off import ARRIVALS, ROWS, die, in_lives
from _measure import report
from _open_runs import item, planned
from _platos import host_on, make_workspace

from platos import __version__
from platos.app import load_app
from platos.runtime.assemble import assemble
from platos.runtime.drive import drive
from platos.runtime.host import Host
from platos.runtime.net import Run
from platos.runtime.recovery import recover
from platos.runtime.wake import Wake
from platos.runtime.wakeup import go_on

FRONT_MATTER = """
schedule: "0 0 1 1 *"
sources:
  - directory: {path: inbox}
triage:
  - rules: {signal: [{words: [count]}]}
planner: cut-steps
overlap: parallel
"""
NAMES = [f"specialist-{number}" for number in range(64)]
OF_EACH = 256
RUNS = len(NAMES) * OF_EACH
ENTRIES = "SELECT count(*) FROM journal j JOIN chains c ON c.id = j.chain JOIN runs r ON c.name = 'r' || r.id"


async def cut_off() -> None:
    """Open the runs and drive them to where they are cut off."""
    make_workspace(FRONT_MATTER, NAMES, parts=[Path(__file__).with_name("_cut_steps.py")])
    async with host_on(load_app(Path.cwd(), environ={})) as host, asyncio.TaskGroup() as tasks:
        for name in NAMES:
            tasks.create_task(begin_all(host, name, tasks))
        await ARRIVALS.all(RUNS)
        assert await host.store.one(ENTRIES) == (RUNS * ROWS,), "the runs were not cut off where they should be"
        die()


async def begin_all(host: Host, name: str, tasks: asyncio.TaskGroup) -> None:
    for number in range(OF_EACH):
        run = await planned(Wake(host, name, given=(item(str(number)),)))
        tasks.create_task(go(run))


async def go(run: Run) -> None:
    async with assemble(run) as net:
        await drive(net)


async def take_up() -> None:
    """What the engine does at its start; then every run at its next step, a run of each specialist at a time."""
    app = load_app(Path.cwd(), environ={})
    began = time.perf_counter()
    async with host_on(app) as host, asyncio.TaskGroup() as tasks:
        report("of which the store is opened", (time.perf_counter() - began) * 1e3, "ms")
        assert await recover(host, __version__) == set(NAMES), "a run is not open any more"
        report("open journals recovered", RUNS / (time.perf_counter() - began), "journals/s")
        for name in NAMES:
            tasks.create_task(go_on(Wake(host, name)))
        await ARRIVALS.all(RUNS)
        report("open runs at their next step", RUNS / (time.perf_counter() - began), "runs/s")
        die()


in_lives(cut_off, take_up)
