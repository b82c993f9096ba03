"""The planner suite: what every planner keeps, those that ask a model included; and a desk at which a test says what
the model answers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from typing import TypeVar

import msgspec
import pydantic

from platos.core.digest import canonical
from platos.core.effect import Receipt
from platos.core.item import Extract
from platos.core.money import Usage
from platos.core.plan import Plan
from platos.core.plan_check import Given, check_plan
from platos.core.role import Role
from platos.errors import Broken, Failure, InvalidPlan, Unavailable
from platos.ports.model import Document, ModelReply, ModelRequest
from platos.ports.planner import AskingPlanner, Brief, Planner
from platos.registry import Registry
from platos.runtime.node.answers import ask_until_valid
from platos.runtime.node.schema import schema_of

__all__ = ["ROLES", "WINDOW", "ScriptedDesk", "briefs", "check_planner", "given_by"]

A = TypeVar("A", bound=pydantic.BaseModel)

_REGISTRY = Registry()

ROLES: tuple[Role, ...] = tuple(_REGISTRY.role(actor) for actor in _REGISTRY.names("actor"))
"""The actors that come with Platos, and those of other packages that are installed."""

WINDOW = {"small": 16_000, "frontier": 128_000}
"""Windows in which a large item fits, and many of them do not."""

_NOTHING = Usage(input=0, output=0)

_NO_PLANS: tuple[Sequence[str], ...] = ((), ("",), ("{}",), ('{"nodes": [',))
"""What a model may say of which no plan comes: nothing, or something else than was asked for."""


def briefs(roles: tuple[Role, ...] = ROLES) -> Iterator[Brief]:
    """Briefs of all sorts: none to a thousand items, small and large, sure and unsure, with and without tools, new
    and planned again, and with windows that do not hold them all."""
    sorts = product((0, 1, 2, 7, 1_000), (40, 90_000), (1.0, 0.3), ((), ("outbox",), ("outbox", "mail")))
    for count, chars, confidence, tools in sorts:
        items = tuple(
            Extract(item=f"i{at}", source="memory", kind="text", chars=chars, tier="rules", confidence=confidence)
            for at in range(1, count + 1)
        )
        brief = Brief(items=items, tools=tools, roles=roles)
        receipts = {tool: Receipt(summary=f"called {tool}") for tool in tools}
        yield brief
        yield msgspec.structs.replace(brief, again="a critic accepted no draft", receipts=receipts)
        yield msgspec.structs.replace(brief, window=WINDOW)


def given_by(brief: Brief) -> Given:
    """What a plan for the brief is checked by."""
    roles = {role.actor: role for role in brief.roles}
    return Given(roles=roles, tools=brief.tools, items=len(brief.items), bounds=brief.bounds)


class ScriptedDesk:
    """The `Desk` port with a model that says what a test wrote, each reply JSON text, and then is not there any more.

    A reply is checked, and repaired, as in a run. `requests` are the questions.
    """

    def __init__(self, replies: Sequence[str], brief: Brief, *, scope: str = "Watch the inbox.") -> None:
        self.scope = scope
        self.requests: list[ModelRequest] = []
        self._replies, self._given = list(replies), given_by(brief)

    async def ask_model(
        self,
        instructions: str,
        documents: Sequence[Document],
        answer: type[A],
        plan: Callable[[A], Plan],
        *,
        model: str = "frontier",
    ) -> Plan:
        if self.requests:
            raise Broken("a planner asks once for each plan")
        request = ModelRequest(
            model=model, instructions=instructions, documents=tuple(documents), answer=schema_of(answer)
        )
        found = await ask_until_valid(request, (model,), answer, self._ask, lambda made: self._check(plan(made)))
        return plan(found)

    def _check(self, plan: Plan) -> None:
        check_plan(plan, self._given)

    async def _ask(self, request: ModelRequest, models: tuple[str, ...]) -> ModelReply:
        self.requests.append(request)
        if len(self.requests) > len(self._replies):
            raise Unavailable("the script has no other reply")
        return ModelReply(text=self._replies[len(self.requests) - 1], usage=_NOTHING, served=models[0])


async def check_planner(planner: Planner | AskingPlanner, given: Iterable[Brief] | None = None) -> None:
    """Every plan is valid for its brief, says why it has its shape, is plain data, and is made again the same.

    A planner may refuse, with its reason, what no window holds. One that asks a model ends with a valid plan or with a
    Failure, whatever the model says. Raises InvalidPlan or AssertionError. `given` are the briefs; without it, those of
    `briefs()`.
    """
    for brief in briefs() if given is None else given:
        if isinstance(planner, AskingPlanner):
            for replies in _NO_PLANS:
                await _check_asking(planner, brief, replies)
        else:
            await _check(planner, brief)


async def _check(planner: Planner, brief: Brief) -> None:
    try:
        plan = await planner.plan(brief)
    except InvalidPlan as error:
        refused = error
    else:
        _check_plan(plan, brief)
        assert await planner.plan(brief) == plan, "the same brief gave another plan"
        return
    assert refused.what.strip(), "it does not say why it refuses"
    whole, holds = sum(item.chars for item in brief.items), min(brief.window.values(), default=None)
    if holds is None or whole <= holds:
        raise refused


async def _check_asking(planner: AskingPlanner, brief: Brief, replies: Sequence[str]) -> None:
    assert planner.fallback.strip(), "nobody plans in its place"
    asked, again = ScriptedDesk(replies, brief), ScriptedDesk(replies, brief)
    plan = await _plan_at(planner, asked, brief)
    if plan is not None:
        _check_plan(plan, brief)
    assert await _plan_at(planner, again, brief) == plan, "the same answers gave another plan"
    assert asked.requests == again.requests, "the same brief led to another question"


async def _plan_at(planner: AskingPlanner, desk: ScriptedDesk, brief: Brief) -> Plan | None:
    """The plan; None where there is none, and the planner says so."""
    try:
        return await planner.plan_at(desk, brief)
    except (Failure, InvalidPlan):
        return None


def _check_plan(plan: Plan, brief: Brief) -> None:
    check_plan(plan, given_by(brief))
    assert plan.why.strip(), "the plan does not say why it has its shape"
    assert plan.by.strip(), "the plan does not say who made it"
    assert msgspec.json.decode(canonical(plan), type=Plan) == plan, "the plan is not plain data"
