"""Effects: what a tool declares that it does to the world, and what follows from that after a crash."""

from __future__ import annotations

from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec

from platos.core.digest import digest
from platos.core.instant import Instant, Span

__all__ = [
    "MOST_KEPT",
    "Contract",
    "EffectClass",
    "EffectState",
    "Receipt",
    "Recovery",
    "again_key",
    "effect_key",
    "honoured_at",
    "recovery_of",
    "undo_key",
]

MOST_KEPT = 100_000
"""Characters that a receipt keeps of what a tool answered: a receipt is in the journal for as long as its run."""


class EffectClass(StrEnum):
    """What a tool does to the world. Where a tool says nothing, it is `once`, the worst."""

    READ = "read"
    KEYED = "keyed"
    PROBED = "probed"
    ONCE = "once"


class EffectState(StrEnum):
    """How far an effect has come. `dispatched` without a receipt is what recovery looks for."""

    INTENT = "intent"
    DISPATCHED = "dispatched"
    DONE = "done"
    IN_DOUBT = "in_doubt"
    ABANDONED = "abandoned"


class Recovery(StrEnum):
    """What to do about an effect that was sent and whose receipt is not known."""

    SEND_AGAIN = "send_again"
    PROBE_FIRST = "probe_first"
    NEVER_AGAIN = "never_again"


def recovery_of(effect: EffectClass) -> Recovery:
    """The table of DESIGN section 7, in one place."""
    match effect:
        case EffectClass.READ | EffectClass.KEYED:
            return Recovery.SEND_AGAIN
        case EffectClass.PROBED:
            return Recovery.PROBE_FIRST
        case EffectClass.ONCE:
            return Recovery.NEVER_AGAIN


def honoured_at(sent: Instant, honoured: Span, now: Instant) -> bool:
    """Is a key that was first sent then still known, where it is honoured for so long?

    A clock that stands before that tells nothing of how long it is ago, and then it is not.
    """
    return 0 <= now - sent < honoured


class Contract(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What a tool declares, and what an approval is bound to: the code may change under it, this may not.

    `pin` is the digest of what was accepted of a tool that lives elsewhere; `undone_by` the tool that takes it back.
    """

    name: str
    version: str
    effect: EffectClass
    schema: dict[str, Any]
    once_per: tuple[str, ...] = ()
    repeatable: bool = False
    pin: str = ""
    undone_by: str = ""

    @cached_property
    def digest(self) -> str:
        return digest(self)


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """The world's answer to an effect: one line for people, and what a program needs to find it again."""

    summary: str
    data: dict[str, Any] = msgspec.field(default_factory=dict)


def effect_key(run: int, contract: Contract, arguments: dict[str, Any], path: str) -> str:
    """The idempotency key. The same act in one run is one act, whichever node, round or re-plan asks for it."""
    fields = {name: arguments.get(name) for name in contract.once_per} if contract.once_per else arguments
    return digest([run, contract.name, fields, path if contract.repeatable else ""])


def again_key(effect: str) -> str:
    """The idempotency key of the same act, wanted again after it was taken back: another act."""
    return digest(["again", effect])


def undo_key(effect: str) -> str:
    """The idempotency key of the act that takes an effect back: an effect is taken back once."""
    return digest(["undo", effect])
