# /// script
# dependencies = ["apscheduler<4", "aiosqlite"]
# ///
"""APScheduler 3 in memory: a job for each agent, all due at once; a row and a commit through aiosqlite. WAL, FULL."""

import asyncio
import logging
from datetime import UTC, datetime

import aiosqlite
from _measure import AGENTS, WAL, idle_wakes, look, make_folder
from apscheduler.schedulers.asyncio import AsyncIOScheduler

FOLDER = make_folder()
SCHEMA = f"""
{WAL}
CREATE TABLE wakes (agent INTEGER PRIMARY KEY, count INTEGER NOT NULL);
"""
COUNT = "INSERT INTO wakes VALUES (?, 1) ON CONFLICT (agent) DO UPDATE SET count = wakes.count + 1"


async def main() -> None:
    logging.disable(logging.CRITICAL)
    known: dict[int, dict[str, tuple[int, int]]] = {}
    lock, woken = asyncio.Lock(), asyncio.Semaphore(0)
    scheduler = AsyncIOScheduler(job_defaults={"misfire_grace_time": None, "coalesce": True})
    async with aiosqlite.connect("apscheduler.db") as connection:
        await connection.executescript(SCHEMA)

        async def wake(agent: int) -> None:
            look(FOLDER, known.setdefault(agent, {}))
            async with lock:
                await connection.execute(COUNT, (agent,))
                await connection.commit()
            woken.release()

        async def all_once() -> None:
            scheduler.pause()
            now = datetime.now(UTC)
            for job in jobs:
                job.modify(next_run_time=now)
            scheduler.resume()
            for _ in jobs:
                await woken.acquire()

        scheduler.start(paused=True)
        jobs = [scheduler.add_job(wake, "interval", seconds=900, args=[agent]) for agent in range(AGENTS)]
        await idle_wakes(all_once)
        scheduler.shutdown(wait=False)


asyncio.run(main())
