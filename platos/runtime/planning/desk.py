"""The desk: what a planner that asks a model may use. Its question is a step of the run, at the path `plan`, in the
revision that is being planned: reserved, settled and kept like any other.

Planning does not wait: where nobody on the list answers at once, the step has failed, and another planner plans.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

import anyio
import msgspec
import pydantic

from platos.core.event import StepMoved
from platos.core.failure import FailureRecord, left_after
from platos.core.instant import SECOND
from platos.core.plan import Plan
from platos.core.plan_check import Given, check_plan
from platos.core.specialist import Specialist
from platos.core.state import State
from platos.core.step import PLANNING, StepKey, StepKind
from platos.errors import Broken, Failure
from platos.ports.model import Document, ModelReply, ModelRequest
from platos.runtime.host import Host
from platos.runtime.meter import Purse
from platos.runtime.net import purse_of
from platos.runtime.node.answers import ask_until_valid
from platos.runtime.node.attempt import Question, attempt, cause_of
from platos.runtime.node.life import first_word, moved
from platos.runtime.node.schema import schema_of
from platos.runtime.node.steps import input_digest
from platos.store import steps

__all__ = ["Planned", "PlanningDesk", "question_of"]

A = TypeVar("A", bound=pydantic.BaseModel)

_STEP = "shape"


class Planned(NamedTuple):
    """The plan that is being made: of which run, in which revision, for whom, about which items, and what it is checked
    by. `steps` are the last words on the run's steps so far."""

    run: int
    revision: int
    its: Specialist
    about: Sequence[int]
    given: Given
    steps: dict[StepKey, StepMoved]


def question_of(
    its: Specialist, instructions: str, documents: Sequence[Document], answer: type[A], model: str
) -> ModelRequest:
    """A planner's question, to the first model of a tier. Raises Broken where the specialist has no such tier."""
    if model not in its.models:
        raise Broken(f"there is no tier of model {model[:60]!r}", where=PLANNING, expected=", ".join(its.models))
    first = its.models[model][0]
    return ModelRequest(model=first, instructions=instructions, documents=tuple(documents), answer=schema_of(answer))


class PlanningDesk:
    """The `Desk` port, for one plan. `limit` is how long the planner may think: while a model is asked, that call's
    own limits hold."""

    def __init__(self, host: Host, planned: Planned) -> None:
        self._host, self._planned = host, planned
        self._ordinal = 0
        self.limit = anyio.CancelScope()

    @property
    def scope(self) -> str:
        return self._planned.its.scope

    async def ask_model(
        self,
        instructions: str,
        documents: Sequence[Document],
        answer: type[A],
        plan: Callable[[A], Plan],
        *,
        model: str = "frontier",
    ) -> Plan:
        if self._ordinal:
            raise Broken("a planner asks once for each plan", where=PLANNING)
        its, given = self._planned.its, self._planned.given

        async def ask(request: ModelRequest, models: tuple[str, ...]) -> ModelReply:
            self.limit.deadline = math.inf
            try:
                return await self._ask(model, request, models)
            finally:
                self.limit.deadline = anyio.current_time() + its.retry.idle / SECOND

        request = question_of(its, instructions, documents, answer, model)
        found = await ask_until_valid(
            request, its.models[model], answer, ask, lambda made: check_plan(plan(made), given)
        )
        return plan(found)

    async def _ask(self, tier: str, request: ModelRequest, models: tuple[str, ...]) -> ModelReply:
        step = self._begin(request)
        if step.state is State.SUCCESS:
            return msgspec.json.decode(await steps.result(self._host.store, step), type=ModelReply)
        if step.state is State.FAILED and step.failure is not None:
            raise step.failure.error()
        cause = cause_of(step, request)
        if step.state is State.RUNNING:
            step = await self._record(moved(step, State.PENDING, at=self._host.now()))
        while True:
            await self._unless_paused()
            step = msgspec.structs.replace(step, started=self._host.now())
            try:
                asked = Question(step, request, models, cause)
                bought = await attempt(self._host, asked, lambda: self._purse(tier), self._planned.steps)
            except Failure as failure:
                step, cause = await self._next_attempt(step, failure, models), failure.kind
            else:
                return bought.reply

    def _purse(self, tier: str) -> Purse:
        planned = self._planned
        return purse_of(self._host, self._host.live(planned.its), planned.run, tier, planned.about)

    def _begin(self, request: ModelRequest) -> StepMoved:
        """The step that asks this, or the next one that there can be: what was asked in other words, before the
        catalogue changed, is passed over."""
        given = input_digest(request)
        while True:
            self._ordinal += 1
            key = StepKey(self._planned.run, self._planned.revision, PLANNING, _STEP, self._ordinal)
            before = self._planned.steps.get(key)
            if before is None:
                return first_word(key, StepKind.MODEL, given, self._host.now())
            if before.input == given:
                return before

    async def _next_attempt(self, step: StepMoved, failure: Failure, models: tuple[str, ...]) -> StepMoved:
        """The step's next attempt, of the next model on the list. Raises the failure where there is none: the step has
        failed of it."""
        now, record = self._planned.steps.get(step.key, step), FailureRecord.of(failure)
        left = left_after(failure, models)
        if not left:
            await self._record(moved(now, State.FAILED, at=self._host.now(), failure=record))
            raise failure
        attempt = len(models) - len(left) + 1
        return await self._record(moved(now, State.PENDING, at=self._host.now(), failure=record, attempt=attempt))

    async def _record(self, step: StepMoved) -> StepMoved:
        kept = self._planned.steps[step.key] = await self._host.store.transact(steps.put, step)
        return kept

    async def _unless_paused(self) -> None:
        """In a pause nothing is asked, and nobody waits for its end: the run is planned when it goes on."""
        if self._host.pause_of(self._planned.its.name) is not None:
            self._host.in_hand[self._planned.run].end()
            await anyio.sleep_forever()
