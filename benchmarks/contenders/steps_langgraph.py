# /// script
# dependencies = ["langgraph", "langgraph-checkpoint-sqlite"]
# ///
"""LangGraph: a chain of ten async nodes, a checkpoint after each, a thread of its own for each run. WAL, FULL, sync."""

import asyncio
from pathlib import Path
from typing import TypedDict

from _measure import PACE, STEPS, WAL, steps
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph


class State(TypedDict):
    run: str
    made: str


async def step(state: State) -> dict[str, str]:
    return {"made": PACE.tick(state["run"])}


def chain() -> StateGraph:
    graph = StateGraph(State)
    names = [f"s{number}" for number in range(STEPS)]
    for name in names:
        graph.add_node(name, step)
    for before, after in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(before, after)
    return graph


async def main() -> None:
    file = Path("langgraph.db")
    async with AsyncSqliteSaver.from_conn_string(str(file)) as saver:
        await saver.setup()
        await saver.conn.executescript(WAL)
        app = chain().compile(checkpointer=saver)

        async def flow(run: str) -> None:
            await app.ainvoke({"run": run}, {"configurable": {"thread_id": run}}, durability="sync")

        await steps(flow, file)


asyncio.run(main())
