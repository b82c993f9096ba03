"""Policy: what is allowed, and who is asked first. Decided by rules that the owner wrote, never by a model.

A tool's entry is a risk tier, or a list of rules: the first that fits decides, and where none fits, somebody is asked
for exactly this. Whether a rule fits can be in doubt: an address with a name around it, a path that leads up, a list of
which only some are meant. Such a rule decides together with what comes after it, and the strictest holds: a denial is
not evaded by another spelling, and a leave is not got by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any

import msgspec

from platos.core.effect import EffectClass
from platos.core.predicate import ANY, Looked, Predicate

__all__ = ["HOUSE", "Entry", "Permission", "PolicyRule", "RiskTier", "otherwise", "permit", "rules_of"]

HOUSE = "policy in platos.toml"
"""How the rules of the workspace are named; those of a specialist's own file are `policy`."""


class RiskTier(IntEnum):
    """0 acts alone, 1 asks in a batch, 2 asks for exactly this."""

    AUTO = 0
    BATCHED = 1
    EXPLICIT = 2


class PolicyRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One rule on calls of a tool: which arguments it is of, and which actor's (empty: any); then the risk tier, or
    that it is denied."""

    where: Predicate = ANY
    actor: str = ""
    tier: RiskTier = RiskTier.EXPLICIT
    deny: bool = False

    @property
    def always_fits(self) -> bool:
        """Is it of every call?"""
        return not self.where.terms and not self.actor

    def about(self) -> str:
        """Of which calls it is, as in `recipient=*@example.com`."""
        of = [str(self.where)] if self.where.terms else []
        return ", ".join([*of, *([f"by {self.actor}"] if self.actor else [])]) or "any call"

    def __str__(self) -> str:
        return f"{self.about()}: {'denied' if self.deny else f'risk tier {int(self.tier)}'}"


Entry = int | tuple[PolicyRule, ...]
"""What policy says of one tool: a risk tier, or rules of which the first that fits decides."""


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of policy to one tool call, and the rule that gave it."""

    allowed: bool
    tier: RiskTier
    rule: str


def rules_of(entry: Entry) -> tuple[PolicyRule, ...]:
    """An entry as rules."""
    return (PolicyRule(tier=RiskTier(entry)),) if isinstance(entry, int) else entry


def otherwise(entry: Entry) -> Entry:
    """What an entry says of a call that none of its conditions is of."""
    if isinstance(entry, int):
        return entry
    last = entry[-1]
    return (last,) if last.always_fits else int(RiskTier.EXPLICIT)


def permit(
    tool: str,
    effect: EffectClass,
    *,
    granted: tuple[str, ...],
    policy: Mapping[str, Entry],
    part: str = "",
    house: Mapping[str, Entry] = {},
    actor: str = "",
    arguments: Mapping[str, Any] = {},
) -> Permission:
    """May this tool be called, and must somebody be asked?

    `granted` are the specialist's tools, `policy` what the owner's file says by tool.
    `house` is what the workspace says, by the tool's name here or by its `part`: it makes nothing laxer, for the
    strictest of all decides. `arguments` are what would be sent, with None for what is left out.
    A tool that only reads needs no gate unless the owner wrote one; any other is explicit unless the owner wrote less.
    """
    if tool not in granted:
        return Permission(
            allowed=False, tier=RiskTier.EXPLICIT, rule=f"tools: {tool} is not among the specialist's tools"
        )
    arguments = Looked(arguments)
    if tool in policy:
        found = [_decide("policy", tool, policy[tool], actor, arguments)]
    else:
        tier = RiskTier.AUTO if effect is EffectClass.READ else RiskTier.EXPLICIT
        rule = f"default: a tool of class {effect} has risk tier {int(tier)}"
        found = [Permission(allowed=True, tier=tier, rule=rule)]
    found += [
        _decide(HOUSE, name, house[name], actor, arguments) for name in dict.fromkeys((tool, part)) if name in house
    ]
    return max(found, key=_strictness)


def _decide(of: str, tool: str, entry: Entry, actor: str, arguments: Mapping[str, Any]) -> Permission:
    """What one entry says of a call: the strictest of the first rule that surely fits, and those before it that may."""
    if isinstance(entry, int):
        return _told(of, tool, PolicyRule(tier=RiskTier(entry)), "")
    mine = [(place, rule) for place, rule in enumerate(entry, start=1) if rule.actor in ("", actor)]
    sure = next((n for n, (_, rule) in enumerate(mine) if rule.where.covers(arguments)), len(mine))
    if sure < len(mine):
        place, rule = mine[sure]
        found = _told(of, tool, rule, f": rule {place}, {rule.about()}")
    else:
        found = _told(of, tool, PolicyRule(), ": no other rule fits")
    strictest = _strictness(found)
    for place, rule in mine[:sure]:
        if (rule.deny, rule.tier) > strictest and rule.where.may_cover(arguments):
            found = _told(of, tool, rule, f": rule {place}, {rule.about()}, may fit")
            strictest = _strictness(found)
    return found


def _told(of: str, tool: str, rule: PolicyRule, why: str) -> Permission:
    what = f"{tool} is denied" if rule.deny else f"{tool} has risk tier {int(rule.tier)}"
    tier = RiskTier.EXPLICIT if rule.deny else rule.tier
    return Permission(allowed=not rule.deny, tier=tier, rule=f"{of}: {what}{why}")


def _strictness(found: Permission) -> tuple[bool, int]:
    return (not found.allowed, found.tier)
