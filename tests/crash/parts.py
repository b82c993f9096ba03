"""The parts of the reference workflow, as a user writes his own. What really happens is noted outside the store.

Revision 1, `first`, reads every item, pins one note, and then finds that its readings do not carry a report: it is
planned again. Revision 2, `second`, reads again with a critic who sends every first draft back, merges, delivers
through a gate, and at last pages the owner, which can be done once and not be asked about.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import anyio
from pydantic import BaseModel

from platos import (
    Artifact,
    Brief,
    Claim,
    Context,
    Document,
    EffectClass,
    Environment,
    FanOut,
    HandOff,
    Loop,
    ModelReply,
    ModelRequest,
    Node,
    Plan,
    Receipt,
    Sequence,
    Single,
    Status,
    Work,
    actor,
    errors,
    model,
    planner,
    tool,
)
from platos.testing.model import Scripted

REVISED = "It heeds the remarks."


class Diary:
    """What really ran: a line for each body, with its process and the name of its step. A node's task has its path."""

    def __init__(self, environment: Environment) -> None:
        self._path = environment.workspace / "diary"

    def note(self, step: str) -> None:
        append(self._path, f"{os.getpid()} {anyio.get_current_task().name}:{step}")


def append(path: Path, line: str) -> None:
    """One line more, in one write: it is there whole once this returns, whatever becomes of the process."""
    path.parent.mkdir(exist_ok=True)
    with path.open("ab", buffering=0) as file:
        file.write(line.encode() + b"\n")


@planner("reference", version="1")
class Reference:
    """The first plan, and once it was rejected the second, without what was done already."""

    async def plan(self, brief: Brief) -> Plan:
        pin = [] if "pin" in brief.receipts else [Single(name="pin", actor="pinner", tools=("pin",))]
        if brief.again:
            return _plan("second", [_SETTLED, *pin, *_ENDING], brief.again)
        return _plan("first", [_READ, *pin, Single(name="doubt", actor="doubter")], "it is tried the cheap way first")


def _plan(name: str, nodes: list[Node], why: str) -> Plan:
    return Plan(root=Sequence(name=name, nodes=tuple(nodes)), why=why, by="reference")


_SCRIBE = Single(name="read", actor="scribe")
_READ = FanOut(name="each", body=_SCRIBE)
_SETTLED = FanOut(name="each", body=Loop(name="settle", body=_SCRIBE, until=Single(name="judge", actor="judge")))
_ENDING = (
    Single(name="merge", actor="editor"),
    Single(name="deliver", actor="courier", tools=("outbox",)),
    Single(name="announce", actor="herald", tools=("page",)),
)


class Noting:
    """An actor that notes in the diary when it begins."""

    def __init__(self, environment: Environment) -> None:
        self.diary = Diary(environment)


class Reading(BaseModel):
    """What a model makes of an item."""

    gist: str


class Opinion(BaseModel):
    """What a model says of a draft."""

    accepted: bool


@actor("clerk", version="1")
class Clerk(Noting):
    """Helps the scribe: counts words, a step of its own."""

    async def act(self, context: Context, work: Work) -> HandOff:
        self.diary.note("node")
        text = (await context.read(work.items[0].item)).full_text
        count = await context.step("count", self._count, text, returns=int)
        return context.hand_off(artifact("count", str(count)), scope=[work.items[0].item])

    def _count(self, text: str) -> int:
        self.diary.note("count")
        return len(text.split())


@actor("scribe", version="1")
class Scribe(Noting):
    """Reads one item: a local step, a helper, a model."""

    async def act(self, context: Context, work: Work) -> HandOff:
        self.diary.note("node")
        name = work.items[0].item
        text = (await context.read(name)).full_text
        quote = await context.step("quote", self._quote, text, returns=str)
        count = await context.ask("clerk", Work(items=work.items))
        asked = f"read {name}, of {count.artifact.title} words. {' '.join(work.remarks)}"
        reading = await context.ask_model("read", asked, [Document(id=name, text=text)], Reading)
        claim, note = Claim(text=quote, source=name, quote=quote), REVISED if work.remarks else ""
        return context.hand_off(artifact("reading", reading.gist, claim, note=note), scope=[name])

    def _quote(self, text: str) -> str:
        self.diary.note("quote")
        return text.strip().splitlines()[0]


@actor("judge", version="1")
class Judge(Noting):
    """Sends every first draft back."""

    async def act(self, context: Context, work: Work) -> HandOff:
        self.diary.note("node")
        draft = work.inputs[0].artifact
        document = Document(id="draft", text=f"{draft.title} {draft.note}")
        opinion = await context.ask_model("judge", f"judge {work.items[0].item}", [document], Opinion)
        status = Status.VERIFIED if opinion.accepted else Status.REJECTED
        remark = Claim(text="Say it in fewer words.")
        return context.hand_off(artifact("review", str(status), remark), scope=[work.items[0].item], status=status)


@actor("editor", version="1")
class Editor(Noting):
    """Makes one report of the readings."""

    async def act(self, context: Context, work: Work) -> HandOff:
        self.diary.note("node")
        made = [hand_off.artifact for hand_off in work.inputs]
        claims = await context.step("merge", self._merge, made, returns=list[Claim])
        heading = await context.ask_model("title", "title", [Document(id="all", text=made[0].title)], Reading)
        return context.hand_off(artifact("report", heading.gist, *claims), scope=[each.item for each in work.items])

    def _merge(self, made: list[Artifact]) -> list[Claim]:
        self.diary.note("merge")
        return [claim for artifact in made for claim in artifact.claims]


@actor("doubter", version="1")
class Doubter(Noting):
    """A verifier that finds the work of the first plan wanting."""

    async def act(self, context: Context, work: Work) -> HandOff:
        self.diary.note("node")
        raise errors.BadReasoning("the readings do not carry a report")


class Calling(Noting):
    """An actor that calls its tool and hands on what it was given."""

    async def act(self, context: Context, work: Work) -> HandOff:
        self.diary.note("node")
        first = work.inputs[0]
        text = "\n".join(claim.quote for each in work.inputs for claim in each.artifact.claims)
        await context.call_tool(context.tools[0], {"name": first.artifact.title, "text": text}, why="it is the plan")
        return context.hand_off(first.artifact, scope=first.scope)


@actor("pinner", version="1")
class Pinner(Calling):
    """Pins a note."""


@actor("courier", version="1")
class Courier(Calling):
    """Delivers the report."""


@actor("herald", version="1")
class Herald(Calling):
    """Pages the owner."""


class Message(BaseModel):
    """What a tool of these is given."""

    name: str
    text: str


class Worldly:
    """A tool whose world is a file: a line for each call that came through, with its key."""

    once_per: ClassVar[tuple[str, ...]] = ("name",)
    repeatable: ClassVar[bool] = False
    Arguments: ClassVar[type[BaseModel]] = Message
    name: ClassVar[str]

    def __init__(self, environment: Environment) -> None:
        self._world = environment.workspace / "world" / self.name
        self._diary = Diary(environment)

    async def call(self, arguments: Message, key: str) -> Receipt:
        self._diary.note(self.name)
        append(self._world, key)
        return Receipt(summary=f"{self.name}: {arguments.name}", data={"key": key})

    async def probe(self, arguments: Message, key: str) -> Receipt | None:
        raise errors.Broken("nobody can be asked about it")

    async def observe(self, arguments: Message) -> dict[str, str]:
        return {}


@tool("pin", version="1")
class Pin(Worldly):
    """Takes a key: the same call again changes nothing."""

    name: ClassVar[str] = "pin"
    effect: ClassVar[EffectClass] = EffectClass.KEYED


@tool("page", version="1")
class Page(Worldly):
    """Rings a bell: every call is one ring more, and nobody can be asked how often it rang."""

    name: ClassVar[str] = "page"
    effect: ClassVar[EffectClass] = EffectClass.ONCE


@model("scripted", version="1")
class Noted(Scripted):
    """A model whose every call is in the diary, under the first word of its instructions."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(_turn)
        self._diary = Diary(environment)

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        self._diary.note(request.instructions.split()[0])
        return await super().complete(request, alive)


def _turn(request: ModelRequest) -> dict[str, Any]:
    if request.instructions.startswith("judge"):
        return {"accepted": REVISED in request.documents[0].text}
    return {"gist": f"{request.documents[0].text.split()[-1]} matters"}


def artifact(kind: str, title: str, *claims: Claim, note: str = "") -> Artifact:
    """A piece of work by these parts."""
    return Artifact(kind=kind, title=title, claims=claims, by="reference", note=note)
