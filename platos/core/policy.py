"""Policy: what is allowed, and who is asked first. Decided by rules that the owner wrote, never by a model."""

from __future__ import annotations

from enum import IntEnum

import msgspec

from platos.core.effect import EffectClass

__all__ = ["Permission", "RiskTier", "permit"]


class RiskTier(IntEnum):
    """0 acts alone, 1 asks in a batch, 2 asks for exactly this."""

    AUTO = 0
    BATCHED = 1
    EXPLICIT = 2


class Permission(msgspec.Struct, frozen=True, kw_only=True):
    """The answer of policy to one tool call, and the rule that gave it."""

    allowed: bool
    tier: RiskTier
    rule: str


def permit(
    tool: str, effect: EffectClass, *, granted: tuple[str, ...], node: tuple[str, ...], tiers: dict[str, int]
) -> Permission:
    """May this node call this tool, and must somebody be asked?

    `granted` are the specialist's tools, `node` those of the plan's node, `tiers` the owner's risk tiers by tool.
    A tool that only reads needs no gate unless the owner wrote one; any other is explicit unless the owner wrote less.
    """
    if tool not in granted:
        return Permission(
            allowed=False, tier=RiskTier.EXPLICIT, rule=f"tools: {tool} is not among the specialist's tools"
        )
    if tool not in node:
        return Permission(allowed=False, tier=RiskTier.EXPLICIT, rule=f"plan: {tool} was not given to this node")
    if tool in tiers:
        return Permission(allowed=True, tier=RiskTier(tiers[tool]), rule=f"policy: {tool} has risk tier {tiers[tool]}")
    tier = RiskTier.AUTO if effect is EffectClass.READ else RiskTier.EXPLICIT
    return Permission(allowed=True, tier=tier, rule=f"default: a tool of class {effect} has risk tier {int(tier)}")
