"""The planner suite: what every planner keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import msgspec

from platos.core.digest import canonical
from platos.core.effect import Receipt
from platos.core.item import Extract
from platos.core.plan import Plan
from platos.core.plan_check import Given, check_plan
from platos.core.role import Role
from platos.ports.planner import Brief, Planner
from platos.registry import Registry

__all__ = ["ROLES", "briefs", "check_planner"]

_REGISTRY = Registry()

ROLES: tuple[Role, ...] = tuple(_REGISTRY.role(actor) for actor in _REGISTRY.names("actor"))
"""The actors that come with Platos, and those of other packages that are installed."""


def briefs(roles: tuple[Role, ...] = ROLES) -> Iterator[Brief]:
    """Briefs of all sorts: none to a thousand items, small and large, sure and unsure, with and without tools, new
    and planned again."""
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


async def check_planner(planner: Planner, given: Iterable[Brief] | None = None) -> None:
    """Every plan is valid for its brief, says why it has its shape, is plain data, and is made again the same.

    Raises InvalidPlan or AssertionError. `given` are the briefs; without it, those of `briefs()`.
    """
    for brief in briefs() if given is None else given:
        plan = await planner.plan(brief)
        roles = {role.actor: role for role in brief.roles}
        check_plan(plan, Given(roles=roles, tools=brief.tools, items=len(brief.items), bounds=brief.bounds))
        assert plan.why.strip(), "the plan does not say why it has its shape"
        assert plan.by.strip(), "the plan does not say who made it"
        assert msgspec.json.decode(canonical(plan), type=Plan) == plan, "the plan is not plain data"
        assert await planner.plan(brief) == plan, "the same brief gave another plan"
