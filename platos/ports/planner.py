"""Planners: they see measures of what arrived, and shape the work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

import msgspec

from platos.core.effect import Receipt
from platos.core.item import Extract
from platos.core.plan import BOUNDS, Bounds, Plan
from platos.core.role import Role
from platos.ports.model import Document

if TYPE_CHECKING:
    from pydantic import BaseModel

__all__ = ["AskingPlanner", "Brief", "Desk", "Planner", "Replaceable", "Settled"]

A = TypeVar("A", bound="BaseModel")


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What a planner is told: the items as extracts, the tools that the specialist has, the actors there are with what
    they take and make, what no plan may pass, and, when work is planned again, what was already done and why a new plan
    is wanted. `window` is how many tokens every model of a tier reads at once, where that is known."""

    items: tuple[Extract, ...]
    tools: tuple[str, ...]
    roles: tuple[Role, ...]
    bounds: Bounds = BOUNDS
    window: Mapping[str, int] = msgspec.field(default_factory=dict)
    receipts: Mapping[str, Receipt] = msgspec.field(default_factory=dict)
    again: str = ""


class Planner(Protocol):
    """Makes plans."""

    async def plan(self, brief: Brief) -> Plan:
        """A plan for exactly these items. It is validated before it runs; the same brief gives the same plan.

        Raises InvalidPlan, with the reason, where there is none.
        """
        ...


class Desk(Protocol):
    """What a planner that asks a model may use."""

    @property
    def scope(self) -> str:
        """The specialist's scope and instructions, in its owner's words."""
        ...

    async def ask_model(
        self,
        instructions: str,
        documents: Sequence[Document],
        answer: type[A],
        plan: Callable[[A], Plan],
        *,
        model: str = "frontier",
    ) -> Plan:
        """The valid plan that `plan` makes of a model's answer, in the form of `answer`, by a model of that tier.

        An answer of which no valid plan is made goes back to be repaired, with what is wrong, a bounded number of
        times; `plan` may raise InvalidPlan itself. The call is a step of the run: paid like any other, and after a
        crash never bought twice. A planner asks once for each plan. Raises a Failure.
        """
        ...


@runtime_checkable
class AskingPlanner(Protocol):
    """Makes plans by asking a model. Where that comes to nothing (no valid plan, nobody who answers, no price, no
    budget), the planner named `fallback` plans in its place, and the plan says why."""

    @property
    def fallback(self) -> str:
        """The name of a planner that asks nobody."""
        ...

    async def plan_at(self, desk: Desk, brief: Brief) -> Plan:
        """A plan for exactly these items, by what the desk gives. Raises InvalidPlan or a Failure."""
        ...


@runtime_checkable
class Settled(Protocol):
    """Options in which the plan stands already: it is checked when the specialist is loaded."""

    def settled(self) -> Plan:
        """The plan. Raises InvalidPlan."""
        ...

    def place(self, path: str) -> tuple[str | int, ...]:
        """Where in the options the node at this path was written, as keys and places in lists."""
        ...


@runtime_checkable
class Replaceable(Protocol):
    """Options that name who plans where a model cannot: that there is such a planner is checked when the specialist is
    loaded."""

    fallback: str
