"""The planner suite: what every planner keeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product

import msgspec

from platos.core.digest import canonical
from platos.core.effect import Receipt
from platos.core.item import Extract
from platos.core.plan import Plan, check_plan
from platos.ports.planner import Brief, Planner

__all__ = ["ACTORS", "briefs", "check_planner"]

ACTORS = (
    "aggregator",
    "applier",
    "assistant",
    "checker",
    "collector",
    "critic",
    "notifier",
    "proposer",
    "reader",
    "requester",
    "summarizer",
)
"""The actors that come with Platos."""


def briefs(actors: tuple[str, ...] = ACTORS) -> Iterator[Brief]:
    """Briefs of all sorts: none to a thousand items, small and large, sure and unsure, with and without tools, new
    and planned again."""
    sorts = product((0, 1, 2, 7, 1_000), (40, 90_000), (1.0, 0.3), ((), ("outbox",), ("outbox", "mail")))
    for count, chars, confidence, tools in sorts:
        items = tuple(
            Extract(item=f"i{at}", source="memory", kind="text", chars=chars, tier="rules", confidence=confidence)
            for at in range(1, count + 1)
        )
        brief = Brief(items=items, tools=tools, actors=actors)
        receipts = {tool: Receipt(summary=f"called {tool}") for tool in tools}
        yield brief
        yield msgspec.structs.replace(brief, again="a critic accepted no draft", receipts=receipts)


async def check_planner(planner: Planner, given: Iterable[Brief] | None = None) -> None:
    """Every plan is valid for its brief, says why it has its shape, is plain data, and is made again the same.

    Raises InvalidPlan or AssertionError. `given` are the briefs; without it, those of `briefs()`.
    """
    for brief in briefs() if given is None else given:
        plan = await planner.plan(brief)
        check_plan(plan, actors=brief.actors, tools=brief.tools, items=len(brief.items))
        assert plan.why.strip(), "the plan does not say why it has its shape"
        assert plan.by.strip(), "the plan does not say who made it"
        assert msgspec.json.decode(canonical(plan), type=Plan) == plan, "the plan is not plain data"
        assert await planner.plan(brief) == plan, "the same brief gave another plan"
