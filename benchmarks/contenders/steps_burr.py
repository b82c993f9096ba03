# /// script
# dependencies = ["burr", "aiosqlite"]
# ///
"""Burr: a chain of ten async actions, the state saved after each by its aiosqlite persister. WAL, FULL."""

import asyncio
from itertools import pairwise
from pathlib import Path

from _measure import PACE, STEPS, WAL, steps
from burr.core import ApplicationBuilder, State, action
from burr.integrations.persisters.b_aiosqlite import AsyncSQLitePersister

NAMES = [f"s{number}" for number in range(STEPS)]


@action(reads=["run"], writes=["made"])
async def step(state: State) -> State:
    return state.update(made=PACE.tick(state["run"]))


async def main() -> None:
    file = Path("burr.db")
    persister = await AsyncSQLitePersister.from_values(db_path=str(file))
    await persister.connection.executescript(WAL)
    await persister.initialize()

    async def flow(run: str) -> None:
        builder = ApplicationBuilder().with_actions(**dict.fromkeys(NAMES, step))
        builder = builder.with_transitions(*pairwise(NAMES))
        builder = builder.with_identifiers(app_id=run).with_state(run=run).with_entrypoint(NAMES[0])
        app = await builder.with_state_persister(persister).abuild()
        await app.arun(halt_after=[NAMES[-1]])

    await steps(flow, file)
    await persister.connection.close()


asyncio.run(main())
