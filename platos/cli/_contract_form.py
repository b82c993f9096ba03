"""A specialist's contract as data."""

from __future__ import annotations

import msgspec

from platos.cli._models import ModelTold
from platos.core.budget import Cap

__all__ = ["Caps", "Contract", "Retry", "ToolTold"]


class ToolTold(msgspec.Struct, frozen=True, kw_only=True):
    """A tool, what it does to the world, and whether somebody is asked before it is called.

    `rules` are those by which that depends on the call; `risk_tier`, `gated` and `rule` are of one that none is of.
    """

    tool: str
    effect_class: str
    risk_tier: int
    gated: bool
    rule: str
    undone_by: str = ""
    rules: tuple[str, ...] = ()
    denied: bool = False


class Retry(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how patiently a step is tried."""

    attempts: int
    first: str
    longest: str


class Caps(msgspec.Struct, frozen=True, kw_only=True):
    """What may be spent: nano-dollars, tokens, calls; null is no cap. `accounts` of the workspace pay too."""

    everything_day: Cap
    everything_month: Cap
    day: Cap
    month: Cap
    triage_day: Cap
    wake: Cap
    run: Cap
    item: Cap
    accounts: tuple[str, ...]


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """What a specialist is, may do, may spend and must prove. `net` is the plan that stands in its file, drawn; empty
    where one is made of what arrives."""

    specialist: str
    owner: str
    fallback_owner: str
    schedule: str
    catch_up: str
    sources: tuple[str, ...]
    triage: tuple[str, ...]
    planner: str
    net: str
    actors: tuple[str, ...]
    models: tuple[ModelTold, ...]
    overlap: str
    states: tuple[str, ...]
    retry: Retry
    checkpoints: str
    review: tuple[str, ...]
    autopilots: tuple[str, ...]
    budget: Caps
    tools: tuple[ToolTold, ...]
    approval_expires: str
    wanted_until: tuple[str, ...]
    told: tuple[str, ...]
    done_when: tuple[str, ...]
