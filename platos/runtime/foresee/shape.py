"""The plan for work that is handed in, as the specialist's planner would make it; where it would ask a model, what it
would ask, and the plan of whoever stands in for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import anyio
import pydantic

from platos.core.item import Extract, Item
from platos.core.plan import Plan
from platos.core.role import Role
from platos.core.specialist import Specialist
from platos.core.step import PLANNING
from platos.errors import Unavailable
from platos.ports.model import Document, ModelRequest
from platos.ports.planner import AskingPlanner, Brief, Planner
from platos.runtime.planning.desk import question_of
from platos.runtime.planning.make_plan import Wanted, given_to, make_plan
from platos.runtime.poll import HANDED_IN

__all__ = ["Asked", "Shaped", "plan_for"]

A = TypeVar("A", bound=pydantic.BaseModel)

AnyPlanner = Planner | AskingPlanner


class Asked(NamedTuple):
    """What a planner would ask, of which tier of models."""

    tier: str
    request: ModelRequest


class Shaped(NamedTuple):
    """The plan that would be made, and what would be asked for it first; None where nothing would."""

    plan: Plan
    asked: Asked | None


async def plan_for(
    build: Callable[[str], AnyPlanner],
    its: Specialist,
    handed_in: Sequence[Item],
    roles: Mapping[str, Role],
    window: Mapping[str, int],
) -> Shaped:
    """The plan for these items as new ones, that triage is sure of. `build` gives a planner by its name, the
    specialist's own with its options. Raises InvalidPlan, or TimedOut."""
    extracts = tuple(_extract(number, item) for number, item in enumerate(handed_in, start=1))
    brief = Brief(items=extracts, tools=its.tool_names(), roles=tuple(roles.values()), window=window)
    desk = _QuietDesk(its)
    wanted = Wanted(its, brief, given_to(its, roles, len(extracts)), build)
    return Shaped(await make_plan(build(its.planner.part), wanted, desk), desk.asked)


class _QuietDesk:
    """The `Desk` port where nobody is asked: it keeps the question."""

    def __init__(self, its: Specialist) -> None:
        self._its = its
        self.asked: Asked | None = None
        self.limit = anyio.CancelScope()

    @property
    def scope(self) -> str:
        return self._its.scope

    async def ask_model(
        self,
        instructions: str,
        documents: Sequence[Document],
        answer: type[A],
        plan: Callable[[A], Plan],
        *,
        model: str = "frontier",
    ) -> Plan:
        request = question_of(self._its, instructions, documents, answer, model)
        self.asked = Asked(model, request)
        raise Unavailable("no model is asked before the work begins", where=PLANNING)


def _extract(number: int, item: Item) -> Extract:
    return Extract(
        item=f"i{number}",
        source=HANDED_IN,
        kind=item.kind,
        chars=len(item.text),
        tier="none",
        confidence=1.0,
        ts=item.ts,
    )
