"""An actor that does what a test says, and a workspace in which it does everything."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from platos import Artifact, Context, HandOff, Work
from platos.core.event import RunMoved
from platos.core.plan import Plan, Single
from platos.ports.planner import Brief
from platos.testing.workspace import SimulatedWorkspace

__all__ = ["Again", "Worker", "drop_one", "last_move", "workspace"]

Trouble = Exception | Callable[[], Awaitable[None]]


class Worker:
    """Does its steps in their order, then calls its tool, where it has one.

    `troubles` are what steps meet, by name: one each time that the step is tried, in order; then none. `tried` and
    `done` count the steps by name.
    """

    def __init__(self, *names: str, tool: str = "", troubles: Mapping[str, Sequence[Trouble]] | None = None) -> None:
        self.names, self.tool = names, tool
        self.troubles = {name: list(each) for name, each in (troubles or {}).items()}
        self.tried: Counter[str] = Counter()
        self.done: Counter[str] = Counter()
        self.given = 1

    async def act(self, context: Context, work: Work) -> HandOff:
        for name in self.names:
            await context.step(name, self._do, name, self.given, returns=str)
        if self.tool:
            await context.call_tool(self.tool, {"name": "report", "text": "text"}, why="it is due")
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by=context.signature), scope=())

    async def _do(self, name: str, given: int) -> str:
        self.tried[name] += 1
        if self.troubles.get(name):
            trouble = self.troubles[name].pop(0)
            if isinstance(trouble, Exception):
                raise trouble
            await trouble()
        self.done[name] += 1
        return name


class Again:
    """A planner that gives everything to the worker, and keeps what it was told each time."""

    def __init__(self, *tools: str) -> None:
        self.tools = tools
        self.briefs: list[Brief] = []

    async def plan(self, brief: Brief) -> Plan:
        self.briefs.append(brief)
        return Plan(root=Single(name="work", actor="worker", tools=self.tools), why="there is one", by="again")


def workspace(
    simulate: Callable[..., SimulatedWorkspace],
    worker: Any,
    *,
    machine: Any = None,
    planner: Any = None,
    **changes: Any,
) -> SimulatedWorkspace:
    """A specialist whose work is all the worker's; a machine that is given is its tool, which asks nobody first."""
    tools = ["machine"] if machine else []
    parts: dict[Any, Any] = {("actor", "worker"): worker, ("planner", "again"): planner or Again(*tools)}
    if machine:
        parts["tool", "machine"] = machine
    fixed = {"planner": "again", "tools": tools, "policy": dict.fromkeys(tools, 0), "done_when": []}
    return simulate(**{**fixed, **changes}, parts=parts)


async def drop_one(simulated: SimulatedWorkspace, name: str = "note") -> None:
    """One signal."""
    await simulated.drop(f"inbox/{name}.txt", f"An advisory on {name}.")


async def last_move(simulated: SimulatedWorkspace, run: str = "r1") -> RunMoved:
    """Where a run went last."""
    return [event for event in await simulated.events(run) if isinstance(event, RunMoved)][-1]
