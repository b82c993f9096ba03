"""The context: all that an actor may do. Every call is a step, found again after a crash by its key."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, TypeVar, TypeVarTuple

import msgspec
import pydantic

from platos.core.digest import digest
from platos.core.effect import Receipt
from platos.core.event import StepMoved
from platos.core.fact import Fact
from platos.core.failure import FailureRecord, left_after
from platos.core.handoff import Artifact, HandOff, Status, Work
from platos.core.item import Item
from platos.core.plan import Node, Single
from platos.core.state import State
from platos.core.step import StepKind
from platos.errors import Failure, LowConfidence, NotFound
from platos.ports.model import Document, ModelReply, ModelRequest
from platos.ports.tool import ToolForm
from platos.runtime.effects.call import call_tool, request_approval
from platos.runtime.facts import bring_up, facts_on
from platos.runtime.grow import grow
from platos.runtime.meter import Purse
from platos.runtime.node.answers import ask_until_valid
from platos.runtime.node.attempt import Question, attempt, cause_of
from platos.runtime.node.forms import forms_of
from platos.runtime.node.life import Life
from platos.runtime.node.provenance import of_evidence, of_facts, of_item
from platos.runtime.node.schema import schema_of
from platos.runtime.node.steps import load_result
from platos.store import evidence

__all__ = ["NodeContext"]

A = TypeVar("A", bound=pydantic.BaseModel)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

LEAST_CONFIDENCE = 0.5
"""An answer that has a `confidence`, 0 to 1, and less of it, is looked at by a person before anything is made of it."""


class NodeContext:
    """The `Context` port, for one life of one node's actor."""

    def __init__(self, life: Life, work: Work) -> None:
        self._life, self._work = life, work
        self._run = life.net.run

    @property
    def scope(self) -> str:
        return self._run.specialist.scope

    @property
    def tools(self) -> tuple[str, ...]:
        return self._life.node.tools

    @property
    def signature(self) -> str:
        return f"{self._life.node.actor}, {self._models[0]}"

    async def read(self, item: str) -> Item:
        stored = self._run.items.get(item)
        if stored is None and item.startswith("e"):
            for name, proof, _ in await evidence.of_run(self._run.host.store, self._run.row.id):
                if name == item:
                    self._life.provenance |= of_evidence(self._run.host, self._run.specialist, proof.tool)
                    return Item(id=name, text=proof.full_text, kind="receipt")
        if stored is None:
            raise NotFound(f"the run is not about {item!r}", where=self._life.path, expected=", ".join(self._run.items))
        self._life.provenance |= of_item(self._run.host, self._run.specialist, stored.source)
        return stored.item

    async def facts(self, text: str) -> list[Fact]:
        async def find(_: int) -> list[Fact]:
            await bring_up(self._run.host)
            return await facts_on(self._run.host, self._run.specialist.name, text)

        found = await self._do(StepKind.FACTS, "known", text, list[Fact], find)
        self._life.provenance |= of_facts(found)
        return found

    async def step(self, name: str, work: Callable[[*Ts], T | Awaitable[T]], *args: *Ts, returns: type[T]) -> T:
        return await self._do(StepKind.LOCAL, name, args, returns, lambda _: work(*args))

    async def ask_model(self, name: str, instructions: str, documents: Sequence[Document], answer: type[A]) -> A:
        async def ask(request: ModelRequest, models: tuple[str, ...]) -> ModelReply:
            return await self._ask(name, request, models)

        request = ModelRequest(
            model=self._models[0],
            instructions=instructions,
            documents=tuple(documents),
            answer=schema_of(answer),
        )
        return _sure(name, await ask_until_valid(request, self._models, answer, ask))

    async def call_tool(self, tool: str, arguments: dict[str, Any], *, why: str) -> Receipt:
        return await call_tool(self._life, self._work, tool, arguments, why)

    async def tool_forms(self) -> list[ToolForm]:
        return await self._do(StepKind.LOCAL, "tools", self.tools, list[ToolForm], lambda _: forms_of(self._life))

    async def cite(self, receipt: Receipt) -> str:
        seen = digest(receipt)
        found = await evidence.of_run(self._run.host.store, self._run.row.id)
        return next((name for name, proof, _ in found if proof.digest == seen), "")

    async def request_approval(self, tool: str, arguments: dict[str, Any], *, why: str) -> Receipt:
        return await request_approval(self._life, self._work, tool, arguments, why)

    async def ask(self, actor: str, work: Work, *, tools: Mapping[str, Sequence[str]] = {}) -> HandOff:
        reach = {tool: tuple(terms) for tool, terms in tools.items()}
        name, tier = actor.replace("_", "-"), self._life.node.model
        helper = Single(name=name, actor=actor, model=tier, tools=tuple(tools), reach=reach)
        [made] = await self.grow(helper, work, why=f"it asks {actor}")
        return made

    async def grow(self, node: Node, work: Work, *, why: str) -> tuple[HandOff, ...]:
        async def perform(ordinal: int) -> tuple[HandOff, ...]:
            return await grow(self._life, node, ordinal, given, why)

        given = msgspec.structs.replace(work, provenance=tuple(sorted(self._life.provenance)))
        made = await self._do(StepKind.ASK, f"ask {node.name}", [node, given], tuple[HandOff, ...], perform)
        self._life.provenance |= {source for each in made for source in each.provenance}
        return made

    def hand_off(
        self,
        artifact: Artifact,
        *,
        scope: Sequence[str],
        status: Status = Status.UNVERIFIED,
        evidence: Sequence[str] = (),
    ) -> HandOff:
        return HandOff(artifact=artifact, status=status, scope=tuple(scope), evidence=tuple(evidence))

    @property
    def _models(self) -> tuple[str, ...]:
        """The models that may be asked, the one that is wanted first."""
        return self._run.specialist.models[self._life.node.model]

    async def _do(
        self, kind: StepKind, name: str, given: Any, returns: type[T], perform: Callable[[int], T | Awaitable[T]]
    ) -> T:
        """A step that nothing outside knows of: written once, at its end. `perform` is told which of its name it is."""
        life = self._life
        step = await life.begin(kind, name, given)
        if step.state is State.SUCCESS:
            return await load_result(life.net, step, returns)
        life.at_work(step)
        try:
            made = perform(step.ordinal)
            if inspect.isawaitable(made):
                made = await made
        except Failure as failure:
            await life.failed(step, failure)
        result = msgspec.Raw(msgspec.json.encode(made))
        looked = kind is StepKind.FACTS
        done = life.found(step, result) if looked else await life.record(step, State.SUCCESS, result=result)
        return await load_result(life.net, done, returns)

    async def _ask(self, name: str, request: ModelRequest, models: tuple[str, ...]) -> ModelReply:
        """A model call is a step: its intent is written with the reservation, its result with the settlement.

        Each attempt asks one model: the next of the list after one that failed, and the first again after a wait.
        """
        life = self._life
        step = await life.begin(StepKind.MODEL, name, request)
        if step.state is State.SUCCESS:
            return await load_result(life.net, step, ModelReply)
        cause = cause_of(step, request)
        if step.state is State.RUNNING:
            step = await life.record(step, State.PENDING)
        while True:
            try:
                return await self._attempt(step, request, models, cause)
            except Failure as failure:
                step, cause = await self._next_attempt(step, failure, models), failure.kind

    async def _attempt(self, step: StepMoved, request: ModelRequest, models: tuple[str, ...], cause: str) -> ModelReply:
        life, run = self._life, self._run

        def purse() -> Purse:
            return run.purse(life.node.model, self._work, life.net.shares_of(life.path))

        question = Question(step, request, models, cause, life.uncommitted)
        life.at_work(question.sent)
        bought = await attempt(run.host, question, purse, life.net.steps)
        life.alive(bought.kept.at)
        return bought.reply

    async def _next_attempt(self, step: StepMoved, failure: Failure, models: tuple[str, ...]) -> StepMoved:
        """The step's next attempt, at once, where there is another model to ask; else the step waits, or has failed.

        Attempts are numbered by place in the list, round after round. Where nobody who is left in a round can be had,
        the round ended with whoever failed in it last.
        """
        now = self._life.net.steps.get(step.key, step)
        if not failure.asked and step.failure is not None and (step.attempt - 1) % len(models):
            failure = step.failure.error()
        left = left_after(failure, models)
        if not left:
            await self._life.failed(now, failure, ways=len(models))
        attempt = step.attempt - (step.attempt - 1) % len(models) + len(models) - len(left)
        return await self._life.record(now, State.PENDING, failure=FailureRecord.of(failure), attempt=attempt)


def _sure(name: str, answer: A) -> A:
    """The answer, unless the model says itself that it guesses. Raises LowConfidence."""
    confidence = getattr(answer, "confidence", None)
    if isinstance(confidence, float | int) and confidence < LEAST_CONFIDENCE:
        raise LowConfidence(f"{name}: the model is sure of its answer by {confidence:.2f} only", sent=True)
    return answer
