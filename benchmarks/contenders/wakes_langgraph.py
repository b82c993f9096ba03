# /// script
# dependencies = ["langgraph", "langgraph-checkpoint-sqlite"]
# ///
"""LangGraph: each wake-up one node of a graph, checkpointed on the agent's own thread. WAL, FULL, sync."""

import asyncio
from typing import TypedDict

from _measure import WAL, from_heap, idle_wakes, look, make_folder
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

FOLDER = make_folder()
KNOWN: dict[int, dict[str, tuple[int, int]]] = {}


class State(TypedDict):
    agent: int
    news: bool


async def poll(state: State) -> dict[str, bool]:
    return {"news": look(FOLDER, KNOWN.setdefault(state["agent"], {}))}


async def main() -> None:
    graph = StateGraph(State)
    graph.add_node("poll", poll)
    graph.add_edge(START, "poll")
    graph.add_edge("poll", END)
    async with AsyncSqliteSaver.from_conn_string("langgraph.db") as saver:
        await saver.setup()
        await saver.conn.executescript(WAL)
        app = graph.compile(checkpointer=saver)

        async def wake(agent: int) -> None:
            thread = {"configurable": {"thread_id": str(agent)}}
            await app.ainvoke({"agent": agent}, thread, durability="sync")

        async def all_once() -> None:
            await from_heap(wake)

        await idle_wakes(all_once)


asyncio.run(main())
