"""Platos: runs of one actor that does ten steps, in a live net; then the same from the wake-up to the close."""

from pathlib import Path

import anyio
from _measure import steps
from _open_runs import OpenRuns, item
from _platos import engine_on, make_workspace

from platos.runtime.engine import Engine

FRONT_MATTER = """
schedule: "0 0 1 1 *"
sources:
  - directory: {path: inbox}
triage:
  - rules: {signal: [{words: [count]}]}
planner: ten-steps
"""
NAMES = [f"specialist-{number}" for number in range(64)]


async def wake_to_close(engine: Engine, name: str) -> None:
    """Hand work in to the specialist whose turn it is, and see it through."""
    specialist = NAMES[int(name.rpartition("/")[2])]
    await engine.wake(specialist, (item(name),), by="person:bench")


async def main() -> None:
    root = make_workspace(FRONT_MATTER, NAMES, parts=[Path(__file__).with_name("_ten_steps.py")])
    file = root / ".platos" / "platos.db"
    async with engine_on(root) as (engine, host):
        runs = OpenRuns(host, NAMES)
        await steps(runs.flow, file, prepare=runs.prepare)
        await runs.prepare([])

        async def flow(name: str) -> None:
            await wake_to_close(engine, name)

        await steps(flow, file, around=" from wake-up to close")


anyio.run(main)
