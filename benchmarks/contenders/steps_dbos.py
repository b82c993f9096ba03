# /// script
# dependencies = ["dbos"]
# ///
"""DBOS: an async workflow of ten async steps on SQLite. WAL, FULL."""

import asyncio
import sqlite3
from pathlib import Path

from _measure import PACE, STEPS, WAL, steps
from dbos import DBOS, SetWorkflowID

FILE = Path("dbos.db").absolute()


@DBOS.step()
async def step(run: str) -> str:
    return PACE.tick(run)


@DBOS.workflow()
async def ten(run: str) -> None:
    for _ in range(STEPS):
        await step(run)


async def flow(run: str) -> None:
    with SetWorkflowID(run):
        await ten(run)


async def main() -> None:
    sqlite3.connect(FILE).executescript(WAL)
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{FILE}", "log_level": "ERROR"})
    DBOS.launch()
    await steps(flow, FILE)
    DBOS.destroy()


asyncio.run(main())
