"""Planners: they see measures of what arrived, and shape the work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import msgspec

from platos.core.effect import Receipt
from platos.core.item import Extract
from platos.core.plan import Plan

__all__ = ["Brief", "Planner"]


class Brief(msgspec.Struct, frozen=True, kw_only=True):
    """What a planner is told: the items as extracts, the tools that the specialist has, the actors there are, and,
    when work is planned again, what was already done and why a new plan is wanted."""

    items: tuple[Extract, ...]
    tools: tuple[str, ...]
    actors: tuple[str, ...]
    receipts: Mapping[str, Receipt] = msgspec.field(default_factory=dict)
    again: str = ""


class Planner(Protocol):
    """Makes plans."""

    async def plan(self, brief: Brief) -> Plan:
        """A plan for exactly these items. It is validated before it runs; the same brief gives the same plan."""
        ...
