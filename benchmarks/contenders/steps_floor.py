"""Ten steps at the bare limit: the body, then one row, committed before the next step."""

import asyncio
from pathlib import Path

from _group_commit import GroupCommit
from _measure import PACE, STEPS, steps


async def main() -> None:
    file = Path("floor.db")
    with GroupCommit(file) as journal:

        async def flow(run: str) -> None:
            for _ in range(STEPS):
                await journal.append(run, "step", PACE.tick(run))

        await steps(flow, file)


asyncio.run(main())
