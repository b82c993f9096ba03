"""Idle wakes at the bare limit: a heap of due times, a look at the folder, a row in a group commit."""

import asyncio
from pathlib import Path

from _group_commit import GroupCommit
from _measure import from_heap, idle_wakes, look, make_folder

FOLDER = make_folder()


async def main() -> None:
    known: dict[int, dict[str, tuple[int, int]]] = {}
    with GroupCommit(Path("floor.db")) as journal:

        async def wake(agent: int) -> None:
            look(FOLDER, known.setdefault(agent, {}))
            await journal.append(f"agent-{agent}", "wake", None)

        async def all_once() -> None:
            await from_heap(wake)

        await idle_wakes(all_once)


asyncio.run(main())
