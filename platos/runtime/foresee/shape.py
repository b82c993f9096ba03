"""The plan for work that is handed in, as the specialist's planner would make it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import anyio

from platos.core.instant import SECOND
from platos.core.item import Extract, Item
from platos.core.plan import Plan
from platos.core.plan_check import check_plan
from platos.core.role import Role
from platos.core.specialist import Specialist
from platos.errors import TimedOut
from platos.ports.planner import Brief, Planner
from platos.runtime.plan import given_to
from platos.runtime.poll import HANDED_IN

__all__ = ["plan_for"]


async def plan_for(planner: Planner, its: Specialist, handed_in: Sequence[Item], roles: Mapping[str, Role]) -> Plan:
    """The plan for these items as new ones, that triage is sure of. Raises InvalidPlan, or TimedOut."""
    extracts = tuple(_extract(number, item) for number, item in enumerate(handed_in, start=1))
    brief = Brief(items=extracts, tools=its.tool_names(), roles=tuple(roles.values()))
    try:
        with anyio.fail_after(its.retry.idle / SECOND):
            made = await planner.plan(brief)
    except TimeoutError:
        raise TimedOut("the planner did not answer in time", where=its.planner.name) from None
    check_plan(made, given_to(its, roles, len(extracts)))
    return made


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
