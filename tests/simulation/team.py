"""Who works in a simulated week: a planner of every shape, and actors that crash, give up and change their minds."""

from __future__ import annotations

from pydantic import BaseModel

from platos import (
    Artifact,
    Brief,
    Claim,
    Context,
    Document,
    FanOut,
    HandOff,
    Loop,
    Node,
    Plan,
    Sequence,
    Single,
    Status,
    Work,
)
from platos.core.digest import digest
from platos.errors import BadReasoning
from tests.simulation.world import World

__all__ = ["Critic", "Planner", "Worker"]


class Draft(BaseModel):
    """What a model is asked for."""

    title: str


class Planner:
    """The shape follows from a digest of the brief: the same brief gives the same plan."""

    async def plan(self, brief: Brief) -> Plan:
        work, critic = Single(name="work", actor="worker"), Single(name="judge", actor="critic")
        deliver = Single(name="deliver", actor="worker", tools=() if brief.receipts else brief.tools)
        shapes: tuple[Node, ...] = (
            deliver,
            Sequence(name="all", nodes=(FanOut(name="each", body=work), deliver)),
            Sequence(name="all", nodes=(Loop(name="until", body=work, until=critic, rounds=2), deliver)),
            Sequence(name="all", nodes=(work, deliver)),
        )
        drawn = int(digest([brief.items, brief.again])[:8], 16)
        return Plan(root=shapes[drawn % len(shapes)], why="its digest says so", by="shapes")


class Worker:
    """Reads, counts, asks a model, now and then a colleague, and calls each of its tools."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def act(self, context: Context, work: Work) -> HandOff:
        names = [extract.item for extract in work.items]
        texts = {name: (await context.read(name)).text for name in names}
        count = await context.step("count", _count, list(texts.values()), returns=int)
        self._stumble()
        documents = [Document(id=name, text=text) for name, text in texts.items()]
        draft = await context.ask_model("draft", f"Draft {count}.", documents, Draft)
        if count % 3 == 0 and context.tools:
            await context.ask("critic", work)
        for tool in context.tools:
            self._stumble()
            await context.call_tool(tool, {"name": draft.title, "text": ", ".join(names)}, why="it is ready")
        claims = tuple(Claim(text=text, source=name, quote=text) for name, text in texts.items())
        report = Artifact(kind="report", title=draft.title, claims=claims, by=context.signature)
        return context.hand_off(report, scope=names)

    def _stumble(self) -> None:
        fault = self._world.fault(0.05, "crash", "crash", "lost")
        if fault == "crash":
            raise RuntimeError("the actor's own mistake")
        if fault == "lost":
            raise BadReasoning("it goes round in circles")


class Critic:
    """Accepts every other time; what it once said stands."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def act(self, context: Context, work: Work) -> HandOff:
        accepted = await context.step("toss", self._world.coin, returns=bool)
        review = Artifact(kind="review", title="Review", claims=(Claim(text="Again."),), by=context.signature)
        status = Status.VERIFIED if accepted else Status.REJECTED
        return context.hand_off(review, scope=[extract.item for extract in work.items], status=status)


def _count(texts: list[str]) -> int:
    return sum(map(len, texts))
