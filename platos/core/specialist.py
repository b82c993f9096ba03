"""Specialists: always-on agents as configured. A run pins the definition that it started with."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from platos.core.audit import Audits
from platos.core.budget import Budget
from platos.core.digest import digest
from platos.core.evidence import Check
from platos.core.failure import RetryPolicy
from platos.core.instant import DAY, Span
from platos.core.policy import Entry
from platos.core.review import AnyTrigger
from platos.core.schedule import Schedule
from platos.core.trust import Allowance

__all__ = ["Overlap", "PartSpec", "Specialist", "Wanted"]


class Overlap(StrEnum):
    """What becomes of signals that arrive while a run of the same specialist is working."""

    QUEUE = "queue"
    MERGE = "merge"
    PARALLEL = "parallel"


class Wanted(StrEnum):
    """What must still hold for work to be wanted: `listed`, its source still has one of its items."""

    LISTED = "listed"


class PartSpec(msgspec.Struct, frozen=True, kw_only=True):
    """A part as a specialist names it: which (`directory`), under which name here, with which options."""

    part: str
    name: str
    options: dict[str, Any] = msgspec.field(default_factory=dict)


class Specialist(msgspec.Struct, frozen=True, kw_only=True):
    """One tight job: scope, owner, schedule, sources, triage, planner, tools, policy, budget, done_when.

    `scope` is the body of its file: what it is for and how to work, in the owner's words. `models` maps a tier of
    model (`small`, `frontier`) to the names of models: the one that is wanted, and those that stand in for it. `recall`
    is the share of true signals that triage promises to let through. Work that nothing was sent for within `valid_for`
    of its run's opening (0: for ever), or that is not `still_wanted`, is cancelled. `autopilot` says of a tool whether
    it may have one.
    """

    name: str
    owner: str
    schedule: Schedule
    sources: tuple[PartSpec, ...]
    triage: tuple[PartSpec, ...]
    planner: PartSpec
    models: dict[str, tuple[str, ...]]
    scope: str
    budget: Budget
    fallback_owner: str = ""
    tools: tuple[PartSpec, ...] = ()
    policy: dict[str, Entry] = msgspec.field(default_factory=dict)
    autopilot: dict[str, Allowance] = msgspec.field(default_factory=dict)
    done_when: tuple[Check, ...] = ()
    review: tuple[AnyTrigger, ...] = ()
    overlap: Overlap = Overlap.QUEUE
    retry: RetryPolicy = RetryPolicy()
    recall: float = 0.95
    audits: Audits = Audits()
    approval_expires: Span = 7 * DAY
    valid_for: Span = 0
    still_wanted: tuple[Wanted, ...] = ()

    @property
    def digest(self) -> str:
        return digest(self)

    def tool_names(self) -> tuple[str, ...]:
        return tuple(tool.name for tool in self.tools)
