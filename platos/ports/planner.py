"""Planners: they see measures of what arrived, and shape the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from platos.core.effect import Receipt
from platos.core.item import Extract
from platos.core.plan import BOUNDS, Bounds, Plan
from platos.core.role import Role

__all__ = ["Brief", "Planner"]


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What a planner is told: the items as extracts, the tools that the specialist has, the actors there are with what
    they take and make, what no plan may pass, and, when work is planned again, what was already done and why a new plan
    is wanted. `window` is how many tokens a tier of model reads at once, where that is known."""

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
        """A plan for exactly these items. It is validated before it runs; the same brief gives the same plan."""
        ...
