"""Policy: what is allowed, and who is asked first. Decided by rules that the owner wrote, never by a model.

A tool's entry is a risk tier, or a list of rules: the first that fits decides, and where none fits, somebody is asked
for exactly this. Whether a rule fits can be in doubt: an address with a name around it, a path that leads up, a list of
which only some are meant. Such a rule decides together with what comes after it, and the strictest holds: a denial is
not evaded by another spelling, and a leave is not got by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from functools import lru_cache
from itertools import takewhile
from typing import Any

import msgspec

from platos.core.effect import EffectClass
from platos.core.predicate import ANY, Looked, Predicate
from platos.core.sieve import Sieve

__all__ = ["HOUSE", "Entry", "Permission", "PolicyRule", "RiskTier", "otherwise", "permit", "rules_of"]

HOUSE = "policy in platos.toml"
"""How the rules of the workspace are named; those of a specialist's own file are `policy`."""


class RiskTier(IntEnum):
    """0 acts alone, 1 asks in a batch, 2 asks for exactly this."""

    AUTO = 0
    BATCHED = 1
    EXPLICIT = 2


class PolicyRule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, cache_hash=True):
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

    @property
    def strictness(self) -> tuple[bool, RiskTier]:
        """A denial is the strictest; else the higher tier."""
        return self.deny, RiskTier.EXPLICIT if self.deny else self.tier

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
    looked = Looked.at(arguments)
    if tool in policy:
        found = [_decide("policy", tool, policy[tool], actor, looked)]
    else:
        tier = RiskTier.AUTO if effect is EffectClass.READ else RiskTier.EXPLICIT
        rule = f"default: a tool of class {effect} has risk tier {int(tier)}"
        found = [Permission(allowed=True, tier=tier, rule=rule)]
    found += [_decide(HOUSE, name, house[name], actor, looked) for name in dict.fromkeys((tool, part)) if name in house]
    return max(found, key=_strictness)


def _decide(of: str, tool: str, entry: Entry, actor: str, looked: Looked) -> Permission:
    """What one entry says of a call: the strictest of the first rule that surely fits, and those before it that may."""
    if isinstance(entry, int):
        return _told(of, tool, PolicyRule(tier=RiskTier(entry)), "")
    mine = ("", actor)
    sure = next((place for place in _sieve(entry).covering(looked) if entry[place].actor in mine), len(entry))
    found = entry[sure] if sure < len(entry) else PolicyRule()
    why = f": rule {sure + 1}, {found.about()}" if sure < len(entry) else ": no other rule fits"
    for place in takewhile(sure.__gt__, _sieve(entry, found.strictness).doubtful(looked)):
        rule = entry[place]
        if rule.strictness > found.strictness and rule.actor in mine:
            found, why = rule, f": rule {place + 1}, {rule.about()}, may fit"
    return _told(of, tool, found, why)


@lru_cache(maxsize=256)
def _sieve(entry: tuple[PolicyRule, ...], than: tuple[bool, int] = (False, -1)) -> Sieve:
    """Of the rules that are stricter than that; of all of them where nothing is said."""
    return Sieve({place: rule.where for place, rule in enumerate(entry) if rule.strictness > than})


def _told(of: str, tool: str, rule: PolicyRule, why: str) -> Permission:
    what = f"{tool} is denied" if rule.deny else f"{tool} has risk tier {int(rule.tier)}"
    denied, tier = rule.strictness
    return Permission(allowed=not denied, tier=tier, rule=f"{of}: {what}{why}")


def _strictness(found: Permission) -> tuple[bool, RiskTier]:
    return not found.allowed, found.tier
