"""Lessons: what a tier can learn from. Items that were labelled, and how likely it was that their labels came to be."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from platos.core.item import StoredItem
from platos.core.verdict import Verdict

__all__ = ["STANDING", "Lesson", "Origin", "Standing", "Usual"]

STANDING = "standing"
"""The key under which a tier remembers where it stands."""


class Origin(StrEnum):
    """How a label came to be: a person said so, decided so at the gate of a run about this item alone, or gave it as an
    example."""

    PERSON = "person"
    DECISION = "decision"
    EXAMPLE = "example"


class Lesson(msgspec.Struct, frozen=True, kw_only=True):
    """An item and whether it is a signal, as a person said.

    `chance` is the probability with which this label was to be seen, whatever it turned out to be: that of its draw for
    an audit, or 1 where every item of its kind is decided on. None where nobody can know it: somebody looked for just
    this item. `said` is the last verdict of the tier that asks; None where the item never reached it.
    """

    item: StoredItem
    signal: bool
    origin: Origin
    chance: float | None = None
    said: Verdict | None = None


class Usual(msgspec.Struct, frozen=True, kw_only=True):
    """An item that nobody has labelled. `signal` is what a later tier made of it, None where none decided."""

    item: StoredItem
    signal: bool | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a tier stands with what it has promised, for people.

    `measured` is False while it can promise nothing, and `why` tells the reason: then it passes everything up, or,
    where its owner chose so, dismisses on its `own_word`. `promised` is the share of true
    signals that it lets through, of those that reach it; `support` how many known ones its cut stands on, of the
    `needed`; `labels` how many items it has learnt from; `dismisses` the share of noise that its cut dismisses.
    """

    measured: bool
    why: str
    promised: float
    support: float = 0
    needed: int = 0
    labels: int = 0
    dismisses: float = 0.0
    own_word: bool = False
