"""As many durable steps as `steps.py` takes them: ten to a run, 64 runs at once, in runs that are open."""

import time
from pathlib import Path

import anyio
from _measure import PACE, STEPS, report
from _open_runs import OpenRuns
from _platos import engine_on, make_workspace

FRONT_MATTER = """
schedule: "0 0 1 1 *"
sources:
  - directory: {path: inbox}
triage:
  - rules: {signal: [{words: [count]}]}
planner: ten-steps
"""
AT_ONCE, BATCHES = 64, 4
NAMES = [f"specialist-{number}" for number in range(AT_ONCE)]


async def main() -> None:
    root = make_workspace(FRONT_MATTER, NAMES, parts=[Path(__file__).with_name("_ten_steps.py")])
    async with engine_on(root) as (_, host):
        runs = OpenRuns(host, NAMES)
        taken, cpu = [], []
        for batch in range(BATCHES):
            names = [f"{batch}/{number}" for number in range(AT_ONCE)]
            await runs.prepare(names)
            began, before = time.perf_counter(), time.process_time()
            async with anyio.create_task_group() as tasks:
                for name in names:
                    tasks.start_soon(runs.flow, name)
            taken.append((time.perf_counter() - began) / (AT_ONCE * STEPS))
            cpu.append((time.process_time() - before) / (AT_ONCE * STEPS))
            PACE.take(AT_ONCE)
        await runs.prepare([])
    report("1,000 nodes, or as many steps", min(taken[1:]) * 1e6, "ms")
    report("CPU of a node, or of a step", min(cpu[1:]) * 1e6, "µs")


anyio.run(main)
