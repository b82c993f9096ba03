# /// script
# dependencies = ["dbos"]
# ///
"""DBOS: workflows of ten steps, killed after five, recovered by `DBOS.launch` in a fresh process. WAL, FULL, SQLite."""

import asyncio
import sqlite3
import time
from pathlib import Path

from _cut_off import ARRIVALS, ROWS, die, in_lives
from _measure import STEPS, WAL, report
from dbos import DBOS, SetWorkflowID

FILE = Path("dbos.db").absolute()
RUNS = 300


@DBOS.step()
async def step(number: int) -> int:
    if number == ROWS:
        await ARRIVALS.arrive()
    return number


@DBOS.workflow()
async def ten() -> None:
    for number in range(STEPS):
        await step(number)


async def start(run: int) -> None:
    with SetWorkflowID(f"run-{run}"):
        await ten()


def launch() -> None:
    url = f"sqlite:///{FILE}"
    DBOS(config={"name": "bench", "system_database_url": url, "log_level": "ERROR", "application_version": "1"})
    DBOS.launch()


async def cut_off() -> None:
    sqlite3.connect(FILE).executescript(WAL)
    launch()
    async with asyncio.TaskGroup() as tasks:
        for run in range(RUNS):
            tasks.create_task(start(run))
        await ARRIVALS.all(RUNS)
        die()


async def take_up() -> None:
    began = time.perf_counter()
    launch()
    await ARRIVALS.all(RUNS)
    report("open runs at their next step", RUNS / (time.perf_counter() - began), "runs/s")


in_lives(cut_off, take_up)
