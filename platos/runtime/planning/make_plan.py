"""Who makes the plan: the specialist's planner; where that one asks a model and it comes to nothing, the planner that
it names in its place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import NamedTuple, Protocol

import anyio
import msgspec

from platos.core.budget import Cap
from platos.core.effect import Receipt
from platos.core.instant import SECOND
from platos.core.item import Extract, StoredItem
from platos.core.plan import Plan
from platos.core.plan_check import Given, check_plan
from platos.core.role import Role
from platos.core.specialist import PartSpec, Specialist
from platos.errors import ConfigurationError, Failure, InvalidPlan, PlatosError, TimedOut
from platos.ports.model import Model
from platos.ports.planner import AskingPlanner, Brief, Desk, Planner
from platos.runtime.host import Host

__all__ = ["Wanted", "extract", "given_to", "make_plan", "plan_alone", "wanted", "windows"]

AnyPlanner = Planner | AskingPlanner

_MOST_OF_A_REASON = 300


class TimedDesk(Desk, Protocol):
    """A desk with a limit on how long a planner may think at it."""

    limit: anyio.CancelScope


class Wanted(NamedTuple):
    """A plan that is wanted: for whom, of what, and what it is checked by. `build` gives a planner by its name."""

    its: Specialist
    brief: Brief
    given: Given
    build: Callable[[str], AnyPlanner]


def wanted(
    host: Host,
    its: Specialist,
    about: tuple[Extract, ...],
    *,
    receipts: Mapping[str, Receipt] = {},
    again: str = "",
) -> Wanted:
    """A plan about these items for a specialist of this host."""
    roles = host.parts.roles()
    brief = Brief(
        items=about,
        tools=its.tool_names(),
        roles=tuple(roles.values()),
        window=windows(its, host.model),
        receipts=receipts,
        again=again,
    )
    given = given_to(its, roles, len(about))
    return Wanted(its, brief, given, lambda name: host.planner(PartSpec(part=name, name=name)))


def given_to(its: Specialist, roles: Mapping[str, Role], items: int) -> Given:
    """What a plan for a specialist is checked by."""
    return Given(
        roles=roles, tools=its.tool_names(), items=items, capped=its.budget.run != Cap(), models=tuple(its.models)
    )


def extract(stored: StoredItem, tier: str = "none", confidence: float = 1.0) -> Extract:
    """An item as measures, with what triage said of it last."""
    return Extract(
        item=stored.name,
        source=stored.source,
        kind=stored.item.kind,
        chars=len(stored.item.text),
        tier=tier,
        confidence=confidence,
        ts=stored.item.ts,
    )


async def make_plan(planner: AnyPlanner, wanted: Wanted, desk: TimedDesk) -> Plan:
    """A valid plan. Raises InvalidPlan, TimedOut, or whatever a planner raises that asks nobody."""
    if not isinstance(planner, AskingPlanner):
        return await plan_alone(planner, wanted)
    try:
        return await _valid(planner.plan_at(desk, wanted.brief), wanted, desk.limit)
    except (Failure, InvalidPlan) as error:
        reason = _why(error)
    spare = wanted.build(planner.fallback)
    if isinstance(spare, AskingPlanner):
        raise InvalidPlan(f"{planner.fallback} asks a model too, and cannot plan in the place of one that does")
    made = await plan_alone(spare, wanted)
    return msgspec.structs.replace(made, why=f"{made.why}; in the place of {wanted.its.planner.name}: {reason}")


async def plan_alone(planner: Planner, wanted: Wanted) -> Plan:
    """A valid plan of a planner that asks nobody. Raises InvalidPlan, TimedOut, or whatever the planner raises."""
    return await _valid(planner.plan(wanted.brief), wanted, anyio.CancelScope())


def windows(its: Specialist, model: Callable[[str], Model]) -> dict[str, int]:
    """How many tokens every model of a tier reads at once, by tier, as far as it is known."""
    known = {tier: [_window(name, model) for name in models] for tier, models in its.models.items()}
    found = {tier: [window for window in each if window is not None] for tier, each in known.items()}
    return {tier: min(each) for tier, each in found.items() if each}


def _window(name: str, model: Callable[[str], Model]) -> int | None:
    """What a model that cannot be had reads is not known; whoever asks it is told what is wrong with it."""
    try:
        return model(name).terms(name).window
    except ConfigurationError:
        return None


async def _valid(making: Awaitable[Plan], wanted: Wanted, limit: anyio.CancelScope) -> Plan:
    limit.deadline = anyio.current_time() + wanted.its.retry.idle / SECOND
    with limit:
        made = await making
        check_plan(made, wanted.given)
        return made
    raise TimedOut("the planner did not answer in time", where=wanted.its.planner.name)


def _why(error: PlatosError) -> str:
    kind = f"{error.kind}: " if isinstance(error, Failure) else ""
    return " ".join(f"{kind}{error.what}".split())[:_MOST_OF_A_REASON]
