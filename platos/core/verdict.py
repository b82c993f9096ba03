"""Verdicts: what a tier of the triage ladder says of an item."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from platos.core.money import Nano

__all__ = ["Decision", "Verdict"]


class Decision(StrEnum):
    """The answers that a tier has. `UP` leaves the item to the next tier; what leaves the last tier is a signal."""

    DISMISS = "dismiss"
    SIGNAL = "signal"
    UP = "up"
    WAIT = "wait"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A tier's answer for one item: what, why, how sure (0 to 1), and what the answer cost. `model` is the one that was
    asked for it last, as its provider names it; the runtime writes that, and it is empty where none was."""

    decision: Decision
    reason: str
    confidence: float = 1.0
    cost: Nano = 0
    model: str = ""
