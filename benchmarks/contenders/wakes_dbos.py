# /// script
# dependencies = ["dbos"]
# ///
"""DBOS: each wake-up a workflow of one step on SQLite. WAL, FULL."""

import asyncio
import sqlite3
from collections import Counter
from pathlib import Path

from _measure import WAL, from_heap, idle_wakes, look, make_folder
from dbos import DBOS, SetWorkflowID

FILE = Path("dbos.db").absolute()
FOLDER = make_folder()
KNOWN: dict[int, dict[str, tuple[int, int]]] = {}
WAKES: Counter[int] = Counter()


@DBOS.step()
async def poll(agent: int) -> bool:
    return look(FOLDER, KNOWN.setdefault(agent, {}))


@DBOS.workflow()
async def woken(agent: int) -> bool:
    return await poll(agent)


async def wake(agent: int) -> None:
    WAKES[agent] += 1
    with SetWorkflowID(f"{agent}-{WAKES[agent]}"):
        await woken(agent)


async def all_once() -> None:
    await from_heap(wake)


async def main() -> None:
    sqlite3.connect(FILE).executescript(WAL)
    DBOS(config={"name": "bench", "system_database_url": f"sqlite:///{FILE}", "log_level": "ERROR"})
    DBOS.launch()
    await idle_wakes(all_once)
    DBOS.destroy()


asyncio.run(main())
