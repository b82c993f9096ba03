"""The actor suite: a context in memory, and what every actor keeps.

context = MemoryContext(items={"i1": Item(id="a", text="All is well.")})
hand_off = await check_actor(MyActor(), work_on(context), context)
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, TypeVar, TypeVarTuple

import msgspec
from pydantic import BaseModel

from platos.core.digest import canonical, digest
from platos.core.effect import Receipt
from platos.core.fact import Fact
from platos.core.handoff import Artifact, HandOff, Status, Work
from platos.core.item import Extract, Item
from platos.core.plan import Node, Single, walk
from platos.errors import NotFound, PermissionDenied
from platos.ports.actor import Actor
from platos.ports.model import Document

__all__ = ["Answer", "MemoryContext", "Question", "ToolCall", "check_actor", "quote_each", "work_on"]

A = TypeVar("A", bound=BaseModel)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

Answer = Callable[[str, Sequence[Document]], Mapping[str, Any]]
"""What stands in for a model: the reply to instructions and documents, still to be validated."""


class Question(NamedTuple):
    """What a model was asked."""

    instructions: str
    documents: tuple[Document, ...]


class ToolCall(NamedTuple):
    """What a tool was called with, and why."""

    tool: str
    arguments: dict[str, Any]
    why: str


class Checkpoint(NamedTuple):
    """A finished step: the digest of what it was given, and its result."""

    given: str
    result: bytes


def quote_each(instructions: str, documents: Sequence[Document]) -> Mapping[str, Any]:
    """The reply of an easy model: it accepts everything, and quotes the first line of each document."""
    firsts = [(document.id, document.text.strip().partition("\n")[0]) for document in documents]
    claims = [{"text": line, "source": name, "quote": line} for name, line in firsts if line]
    return {"title": "First lines", "claims": claims, "note": "", "accepted": True, "remarks": [], "confidence": 1.0}


@dataclass
class MemoryContext:
    """A Context without a runtime. Its steps last as long as it does, and `restarted` keeps them as a crash would.

    `answer` stands in for the model, `team` are the actors that can be asked, `known` the facts on any text.
    `questions`, `calls` and `asked` (approvals) tell what was really sent: a step that is found again sends nothing.
    `receipts` are what the world answers to calls of a tool.
    """

    items: Mapping[str, Item] = field(default_factory=dict)
    scope: str = "Tell the owner what matters."
    tools: tuple[str, ...] = ()
    signature: str = "actor under test, scripted"
    answer: Answer = quote_each
    team: Mapping[str, Actor] = field(default_factory=dict)
    known: Sequence[Fact] = ()
    receipts: Mapping[str, Receipt] = field(default_factory=dict)
    steps: dict[tuple[str, int], Checkpoint] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    asked: list[ToolCall] = field(default_factory=list)
    reached: Counter[str] = field(default_factory=Counter)

    def restarted(self, finished: int) -> MemoryContext:
        """The context of the same actor, started again after a crash that its first `finished` steps outlived."""
        kept = dict(list(self.steps.items())[:finished])
        return replace(self, steps=kept, questions=[], calls=[], asked=[], reached=Counter())

    async def read(self, item: str) -> Item:
        if item not in self.items:
            raise NotFound(f"there is no item {item!r} in this run", where=item, expected=", ".join(self.items))
        return self.items[item]

    async def facts(self, text: str) -> list[Fact]:
        async def run() -> bytes:
            return canonical(list(self.known))

        return msgspec.json.decode(await self._once("facts", text, run), type=list[Fact])

    async def step(self, name: str, work: Callable[[*Ts], T | Awaitable[T]], *args: *Ts, returns: type[T]) -> T:
        async def run() -> bytes:
            result = work(*args)
            return canonical(await result if inspect.isawaitable(result) else result)

        return msgspec.json.decode(await self._once(name, args, run), type=returns)

    async def ask_model(self, name: str, instructions: str, documents: Sequence[Document], answer: type[A]) -> A:
        question = Question(instructions, tuple(documents))

        async def run() -> bytes:
            self.questions.append(question)
            return answer.model_validate(self.answer(instructions, documents)).model_dump_json().encode()

        return answer.model_validate_json(await self._once(name, question, run))

    async def call_tool(self, tool: str, arguments: dict[str, Any], *, why: str) -> Receipt:
        if tool not in self.tools:
            raise PermissionDenied(f"{tool} was not given to this node", where=tool, expected=", ".join(self.tools))

        async def run() -> bytes:
            self.calls.append(ToolCall(tool, arguments, why))
            return canonical(self.receipts.get(tool, Receipt(summary=f"called {tool}")))

        return msgspec.json.decode(await self._once(tool, arguments, run), type=Receipt)

    async def request_approval(self, tool: str, arguments: dict[str, Any], *, why: str) -> Receipt:
        if tool not in self.tools:
            raise PermissionDenied(f"{tool} was not given to this node", where=tool, expected=", ".join(self.tools))

        async def run() -> bytes:
            self.asked.append(ToolCall(tool, arguments, why))
            return canonical(Receipt(summary=f"{tool} is allowed"))

        return msgspec.json.decode(await self._once(f"ask for {tool}", arguments, run), type=Receipt)

    async def ask(self, actor: str, work: Work, *, tools: Mapping[str, Sequence[str]] = {}) -> HandOff:
        if not set(tools) <= set(self.tools):
            raise PermissionDenied(f"{', '.join(tools)} cannot be lent", where=actor, expected=", ".join(self.tools))

        async def run() -> bytes:
            colleague = replace(self, tools=tuple(tools), steps={}, reached=Counter())
            return canonical(await self.team[actor].act(colleague, work))

        return msgspec.json.decode(await self._once(actor, work, run), type=HandOff)

    async def grow(self, node: Node, work: Work, *, why: str) -> tuple[HandOff, ...]:
        """Every single of the node, one after the other, each on the whole work: the shape is the runtime's."""

        async def run() -> bytes:
            made = []
            for single in (each for each, _, _ in walk(node) if isinstance(each, Single)):
                helper = replace(self, tools=single.tools, steps={}, reached=Counter())
                made.append(await self.team[single.actor].act(helper, work))
            return canonical(made)

        return msgspec.json.decode(await self._once(f"ask {node.name}", [node, work], run), type=tuple[HandOff, ...])

    def hand_off(
        self,
        artifact: Artifact,
        *,
        scope: Sequence[str],
        status: Status = Status.UNVERIFIED,
        evidence: Sequence[str] = (),
    ) -> HandOff:
        return HandOff(artifact=artifact, status=status, scope=tuple(scope), evidence=tuple(evidence))

    async def _once(self, name: str, given: object, run: Callable[[], Awaitable[bytes]]) -> bytes:
        self.reached[name] += 1
        key = (name, self.reached[name])
        if key not in self.steps:
            self.steps[key] = Checkpoint(digest(given), await run())
        elif self.steps[key].given != digest(given):
            raise AssertionError(f"step {name!r} was given something else when the actor ran again")
        return self.steps[key].result


def work_on(context: MemoryContext, *inputs: HandOff, remarks: Sequence[str] = ()) -> Work:
    """Work on all items of a context, as the driver of a plan would give it."""
    extracts = tuple(
        Extract(item=name, source="memory", kind=item.kind, chars=len(item.text), tier="rules", confidence=1.0)
        for name, item in context.items.items()
    )
    return Work(items=extracts, inputs=inputs, remarks=tuple(remarks))


async def check_actor(actor: Actor, work: Work, context: MemoryContext) -> HandOff:
    """What every actor keeps; its hand-off, for further checks.

    Killed after any of its steps and started again, it takes up the finished ones, sends nothing for them, reaches the
    same steps and comes to the same hand-off. The hand-off is about items that it was given. `context.answer` must
    give the same reply to the same question.
    """
    hand_off = await actor.act(context, work)
    for finished in reversed(range(len(context.steps) + 1)):
        again = context.restarted(finished)
        assert await actor.act(again, work) == hand_off, f"another hand-off after a crash after step {finished}"
        assert again.steps == context.steps, f"other steps after a crash after step {finished}"
        assert sum(again.reached.values()) == len(again.steps), "a finished step was not asked for again"
    assert msgspec.json.decode(canonical(hand_off), type=HandOff) == hand_off
    assert set(hand_off.scope) <= {extract.item for extract in work.items}, "the hand-off is about other items"
    return hand_off
