# /// script
# dependencies = ["langgraph", "langgraph-checkpoint-sqlite"]
# ///
"""LangGraph: a chain of ten nodes, killed after five, each thread invoked again by a fresh process. WAL, FULL, sync."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypedDict

from _cut_off import ARRIVALS, ROWS, die, in_lives
from _measure import STEPS, WAL, report
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.graph import END, START, StateGraph

RUNS = 300


class State(TypedDict):
    at: int


async def step(state: State) -> dict[str, int]:
    if state["at"] == ROWS:
        await ARRIVALS.arrive()
    return {"at": state["at"] + 1}


@asynccontextmanager
async def chain() -> AsyncIterator[Any]:
    """The graph on its saver."""
    graph = StateGraph(State)
    names = [f"s{number}" for number in range(STEPS)]
    for name in names:
        graph.add_node(name, step)
    for before, after in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(before, after)
    async with AsyncSqliteSaver.from_conn_string("langgraph.db") as saver:
        await saver.setup()
        await saver.conn.executescript(WAL)
        yield graph.compile(checkpointer=saver)


async def invoke_all(given: State | None) -> None:
    """Every thread up to the step at which it waits, and then no more."""
    async with asyncio.TaskGroup() as tasks:
        began = time.perf_counter()
        async with chain() as app:
            for run in range(RUNS):
                thread = {"configurable": {"thread_id": str(run)}}
                tasks.create_task(app.ainvoke(given, thread, durability="sync"))
            await ARRIVALS.all(RUNS)
            if given is None:
                report("open runs at their next step", RUNS / (time.perf_counter() - began), "runs/s")
            die()


async def cut_off() -> None:
    await invoke_all({"at": 0})


async def take_up() -> None:
    await invoke_all(None)


in_lives(cut_off, take_up)
