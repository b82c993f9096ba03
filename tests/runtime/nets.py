"""Nets to try: actors of a few kinds, plans drawn from a seed, and what a run of one came to."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import anyio.lowlevel

from platos import (
    Artifact,
    Brief,
    Claim,
    Context,
    FanOut,
    HandOff,
    Join,
    Loop,
    Node,
    Plan,
    Single,
    Status,
    Work,
)
from platos import Sequence as InOrder
from platos.core.digest import digest
from platos.core.event import StepMoved
from platos.core.step import StepKind
from platos.errors import Broken
from platos.runtime.result import artifacts_of
from platos.testing.workspace import SimulatedWorkspace

__all__ = ["Came", "Chance", "Planned", "came_to", "cast", "draw_plan", "drop", "net"]

Simulate = Callable[..., SimulatedWorkspace]


class Chance:
    """How long things take: so many turns of the loop, drawn anew each time."""

    def __init__(self, seed: int = 0, most: int = 0) -> None:
        self._drawn, self._most = random.Random(seed), most

    async def __call__(self) -> None:
        for _ in range(self._drawn.randint(0, self._most)):
            await anyio.lowlevel.checkpoint()


class Planned:
    """A planner that always gives this plan."""

    def __init__(self, root: Node) -> None:
        self.root = root

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=self.root, why="the test says so", by="planned")


def _about(work: Work) -> str:
    """What a node was given, in one word: another node's checkpoint would not answer to it."""
    return digest([[each.item for each in work.items], work.inputs, work.remarks])[:12]


def _made(context: Context, work: Work, text: str, status: Status = Status.UNVERIFIED) -> HandOff:
    names = [each.item for each in work.items]
    claims = tuple(Claim(text=f"{text} {name}", source=name, quote="advisory") for name in names)
    kind = "review" if text.startswith("judge") else "report"
    return context.hand_off(Artifact(kind=kind, title=text, claims=claims, by="test"), scope=names, status=status)


class Steady:
    """Two steps, each of which must come back as what it was given; `done` counts how often each was really done."""

    def __init__(self, takes: Chance | None = None) -> None:
        self.takes, self.done = takes or Chance(), Counter[str]()

    async def act(self, context: Context, work: Work) -> HandOff:
        about = _about(work)
        for name in ("one", "two"):
            found = await context.step(name, self._do, name, about, returns=str)
            if found != f"{name} {about}":
                raise Broken(f"the checkpoint of another node: {found}")
        return _made(context, work, f"steady {about}")

    async def _do(self, name: str, about: str) -> str:
        await self.takes()
        self.done[f"{name} {about}"] += 1
        return f"{name} {about}"


class Acting(Steady):
    """A step, and a call of its tool, if it has one, about what it was given."""

    async def act(self, context: Context, work: Work) -> HandOff:
        about = _about(work)
        await context.step("one", self._do, "one", about, returns=str)
        for tool in context.tools:
            await context.call_tool(tool, {"name": about, "text": about}, why="it is due")
        return _made(context, work, f"acting {about}")


class Growing(Steady):
    """Asks for helpers: a branch for each of its items, and then one more."""

    async def act(self, context: Context, work: Work) -> HandOff:
        each = FanOut(name="each", body=Single(name="help", actor="steady"))
        made = await context.grow(each, work, why="there is a lot to do")
        again = await context.ask("steady", Work(items=work.items, inputs=made))
        return _made(context, work, f"growing {digest([made, again])[:12]}")


class Failing(Steady):
    """Fails after its first step, but for a third of what it may be given."""

    async def act(self, context: Context, work: Work) -> HandOff:
        about = _about(work)
        await context.step("one", self._do, "one", about, returns=str)
        if int(about, 16) % 3:
            raise Broken("it cannot do that")
        return _made(context, work, f"failing {about}")


class Judging(Steady):
    """Accepts every other thing that it may be given."""

    async def act(self, context: Context, work: Work) -> HandOff:
        about = _about(work)
        await context.step("one", self._do, "one", about, returns=str)
        accepted = int(about, 16) % 2 == 0
        return _made(context, work, f"judge {about}", Status.VERIFIED if accepted else Status.REJECTED)


def cast(takes: Chance | None = None) -> dict[tuple[str, str], Any]:
    """One actor of each kind, as parts of a workspace."""
    kinds = {"steady": Steady, "acting": Acting, "growing": Growing, "failing": Failing, "judging": Judging}
    return {("actor", name): kind(takes) for name, kind in kinds.items()}


_SINGLES = ("steady", "steady", "acting", "growing", "failing")
_SAME_WHATEVER_HAPPENS = (Join.ALL, Join.ALL, Join.QUORUM)


def draw_plan(seed: int, *, joins: Sequence[Join] = _SAME_WHATEVER_HAPPENS) -> Node:
    """A plan of any shape. Its joins are such that what it comes to does not hang on who is first."""
    chance, count = random.Random(seed), Counter[str]()

    def name(kind: str) -> str:
        count[kind] += 1
        return f"{kind}{count[kind]}"

    def single() -> Single:
        actor = chance.choice(_SINGLES)
        tools = ("machine",) if actor == "acting" else ()
        return Single(name=name(actor), actor=actor, tools=tools, attempts=chance.choice((1, 1, 2)))

    def node(depth: int) -> Node:
        shape = (
            chance.choice(("single", "sequence", "fan_out", "branches", "claims", "loop")) if depth < 4 else "single"
        )
        match shape:
            case "sequence":
                return InOrder(name=name("seq"), nodes=tuple(node(depth + 1) for _ in range(chance.randint(1, 3))))
            case "fan_out":
                return FanOut(name=name("each"), body=node(depth + 1), join=chance.choice(joins))
            case "branches":
                branches = tuple(node(depth + 1) for _ in range(chance.randint(1, 3)))
                return FanOut(name=name("side"), branches=branches, join=chance.choice(joins))
            case "claims":
                first = Single(name=name("steady"), actor="steady")
                each = FanOut(name=name("claim"), body=node(depth + 2), over="claims", join=chance.choice(joins))
                return InOrder(name=name("seq"), nodes=(first, each))
            case "loop":
                until = Single(name=name("judging"), actor="judging")
                return Loop(name=name("loop"), body=node(depth + 1), until=until, rounds=chance.randint(1, 3))
            case _:
                return single()

    return node(1)


def net(
    simulate: Simulate, root: Node, machine: Any, takes: Chance | None = None, **changes: Any
) -> SimulatedWorkspace:
    """A workspace in which all work is this plan's, and nobody is asked before the machine is used."""
    parts = {("planner", "planned"): Planned(root), ("tool", "machine"): machine, **cast(takes)}
    fixed = {"planner": "planned", "tools": ["machine"], "policy": {"machine": 0}, "done_when": []}
    return simulate(**{**fixed, **changes}, parts=parts)


async def drop(simulated: SimulatedWorkspace, count: int) -> None:
    """So many signals, in one go."""
    for number in range(count):
        await simulated.drop(f"inbox/n{number}.txt", f"An advisory, number {number}.")


class Came(NamedTuple):
    """What a run came to: its state, its outcome, what its last nodes made, and which nodes handed something over."""

    state: str
    outcome: str
    made: tuple[str, ...]
    nodes: frozenset[str]


async def came_to(simulated: SimulatedWorkspace, run: str = "r1") -> Came:
    [row] = [row for row in await simulated.runs() if row.name == run]
    told = await simulated.events(run)
    nodes = [each.path for each in told if isinstance(each, StepMoved) and each.kind is StepKind.NODE]
    made = tuple(sorted(artifact.title for artifact in await artifacts_of(simulated.store, told)))
    return Came(str(row.state), str(row.outcome), made, frozenset(nodes))
