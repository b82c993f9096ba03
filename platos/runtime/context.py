"""The context: all that an actor may do. Every call is a step, found again after a crash by its key."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar, TypeVarTuple

import msgspec
import pydantic

from platos.core.effect import Receipt
from platos.core.event import StepMoved
from platos.core.handoff import Artifact, HandOff, Status, Work
from platos.core.instant import Instant
from platos.core.item import Item
from platos.core.plan import Single
from platos.core.state import State
from platos.core.step import StepKind
from platos.errors import Failure, NotFound
from platos.ports.model import Document, ModelReply, ModelRequest
from platos.runtime.answers import ask_until_valid
from platos.runtime.effects import call_tool
from platos.runtime.life import Life, moved
from platos.runtime.meter import complete, reserve
from platos.runtime.net import Failed, Net, Parked, Result
from platos.runtime.schema import schema_of
from platos.runtime.steps import load_result
from platos.store import Tx, steps

__all__ = ["NodeContext"]

A = TypeVar("A", bound=pydantic.BaseModel)
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

LetAct = Callable[[Net, Single, str, Work], Awaitable[Result]]


class NodeContext:
    """The `Context` port, for one life of one node's actor. `act` lets a helper act."""

    def __init__(self, life: Life, work: Work, act: LetAct) -> None:
        self._life, self._work, self._act = life, work, act
        self._run = life.net.run

    @property
    def scope(self) -> str:
        return self._run.specialist.scope

    @property
    def tools(self) -> tuple[str, ...]:
        return self._life.node.tools

    @property
    def signature(self) -> str:
        return f"{self._life.node.actor}, {self._model}"

    async def read(self, item: str) -> Item:
        stored = self._run.items.get(item)
        if stored is None:
            raise NotFound(f"the run is not about {item!r}", where=self._life.path, expected=", ".join(self._run.items))
        return stored.item

    async def step(self, name: str, work: Callable[[*Ts], T | Awaitable[T]], *args: *Ts, returns: type[T]) -> T:
        return await self._do(StepKind.LOCAL, name, args, returns, lambda _: work(*args))

    async def ask_model(self, name: str, instructions: str, documents: Sequence[Document], answer: type[A]) -> A:
        async def ask(request: ModelRequest) -> ModelReply:
            return await self._ask(name, request)

        request = ModelRequest(
            model=self._model,
            instructions=instructions,
            documents=tuple(documents),
            answer=schema_of(answer),
            timeout=self._run.specialist.retry.idle,
        )
        return await ask_until_valid(request, answer, ask)

    async def call_tool(self, tool: str, arguments: dict[str, Any], *, why: str) -> Receipt:
        return await call_tool(self._life, self._work, tool, arguments, why)

    async def ask(self, actor: str, work: Work) -> HandOff:
        helper = Single(name=actor.replace("_", "-"), actor=actor, model=self._life.node.model)

        async def perform(ordinal: int) -> HandOff:
            result = await self._act(self._life.net, helper, f"{self._life.path}/{helper.name}[{ordinal}]", work)
            match result:
                case Parked(waits):
                    await self._life.park(waits[0].what, waits[0].why, waits[0].due)
                case Failed(_, failure):
                    raise failure.error()
                case _:
                    return result.hand_offs[0]

        return await self._do(StepKind.ASK, f"ask {actor}", work, HandOff, perform)

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
    def _model(self) -> str:
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
        done = await life.record(step, State.SUCCESS, result=msgspec.Raw(msgspec.json.encode(made)))
        return await load_result(life.net, done, returns)

    async def _ask(self, name: str, request: ModelRequest) -> ModelReply:
        """A model call is a step: its intent is written with the reservation, its result with the settlement."""
        life = self._life
        step = await life.begin(StepKind.MODEL, name, request)
        if step.state is State.SUCCESS:
            return await load_result(life.net, step, ModelReply)
        if step.state is State.RUNNING:  # the actor broke in the middle of it
            step = await life.record(step, State.PENDING)
        sent = moved(step, State.RUNNING, at=step.started)
        life.at_work(sent)
        try:
            held = await reserve(self._run.host, self._run.purse(life.node.model), str(step.key), request, sent)
        except Failure as failure:
            await life.failed(step, failure)
        life.net.steps[step.key] = sent
        try:
            bought = await complete(self._run.host, held, request, _keep, sent)
        except Failure as failure:
            await life.failed(sent, failure)
        life.alive(bought.kept.at)
        life.net.steps[step.key] = bought.kept
        return bought.reply


def _keep(tx: Tx, reply: ModelReply, sent: StepMoved, now: Instant) -> StepMoved:
    result = msgspec.Raw(msgspec.json.encode(reply))
    return steps.put(tx, moved(sent, State.SUCCESS, at=now, result=result))
