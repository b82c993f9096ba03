"""Approvals: what a person says yes to, byte for byte, and for how long."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from platos.core.digest import digest
from platos.core.instant import Instant
from platos.core.policy import RiskTier

__all__ = ["GateState", "Request", "bounded"]

_SHOWN = 20_000
"""Characters of a preview that a person is shown."""


class GateState(StrEnum):
    """Where a request stands. An approval is used once; `withdrawn` is what nobody wants to know any more.

    `edited` is what a person approved with other arguments, at a gate of its own; `returned` is what they sent back
    with what to change.
    """

    OPEN = "open"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"
    USED = "used"
    WITHDRAWN = "withdrawn"
    EDITED = "edited"
    RETURNED = "returned"


def bounded(preview: str) -> str:
    """As much of a preview as a person is shown, and how much is not."""
    left = len(preview) - _SHOWN
    return preview if left <= 0 else f"{preview[:_SHOWN]}\n... and {left} more characters, which are not shown"


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate shows a person, made by the runtime: exactly what will run, under which rule, until when.

    `contract` is the digest of the tool's contract. `preview` is what the tool says would change. It, `why` and
    `evidence` inform; the approval is not bound to them. What a preview is made of, arguments and world, is bound.
    """

    tool: str
    contract: str
    arguments: dict[str, Any]
    preconditions: dict[str, str]
    rule: str
    tier: RiskTier
    expires: Instant
    why: str
    evidence: tuple[str, ...] = ()
    preview: str = ""

    @property
    def digest(self) -> str:
        """What the approval is bound to. Where any of it changes, the approval is void."""
        return digest(
            [self.tool, self.contract, self.arguments, self.preconditions, self.rule, self.tier, self.expires]
        )
