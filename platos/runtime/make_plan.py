"""Who makes the plan: the specialist's planner; where that one asks a model and it comes to nothing, the planner that
it names in its place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

import anyio
import msgspec

from platos.core.instant import SECOND
from platos.core.plan import Plan
from platos.core.plan_check import Given, check_plan
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError, Failure, InvalidPlan, PlatosError, TimedOut
from platos.ports.model import Model
from platos.ports.planner import AskingPlanner, Brief, Desk, Planner

__all__ = ["Wanted", "make_plan", "windows"]

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


async def make_plan(planner: AnyPlanner, wanted: Wanted, desk: TimedDesk) -> Plan:
    """A valid plan. Raises InvalidPlan, TimedOut, or whatever a planner raises that asks nobody."""
    its, brief, given = wanted.its, wanted.brief, wanted.given
    if not isinstance(planner, AskingPlanner):
        return await _valid(planner.plan(brief), its, given, anyio.CancelScope())
    try:
        return await _valid(planner.plan_at(desk, brief), its, given, desk.limit)
    except (Failure, InvalidPlan) as error:
        reason = _why(error)
    spare = wanted.build(planner.fallback)
    if isinstance(spare, AskingPlanner):
        raise InvalidPlan(f"{planner.fallback} asks a model too, and cannot plan in the place of one that does")
    made = await _valid(spare.plan(brief), its, given, anyio.CancelScope())
    return msgspec.structs.replace(made, why=f"{made.why}; in the place of {its.planner.name}: {reason}")


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


async def _valid(making: Awaitable[Plan], its: Specialist, given: Given, limit: anyio.CancelScope) -> Plan:
    limit.deadline = anyio.current_time() + its.retry.idle / SECOND
    with limit:
        made = await making
        check_plan(made, given)
        return made
    raise TimedOut("the planner did not answer in time", where=its.planner.name)


def _why(error: PlatosError) -> str:
    kind = f"{error.kind}: " if isinstance(error, Failure) else ""
    return " ".join(f"{kind}{error.what}".split())[:_MOST_OF_A_REASON]
