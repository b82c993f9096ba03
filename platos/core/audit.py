"""Audits: a few of the items that were judged, drawn at random and looked at, so that what is missed is measured."""

from __future__ import annotations

from enum import StrEnum

import msgspec

__all__ = ["Audits", "Stratum", "To"]


class To(StrEnum):
    """Who looks at what was drawn: a person, by `platos teach`, or the planner: it goes up after all."""

    PERSON = "person"
    UP = "up"


class Stratum(StrEnum):
    """What is drawn from, each by itself: items that were dismissed with little confidence, those dismissed with more,
    and those let through that nobody labelled."""

    NEAR = "near"
    FAR = "far"
    PASSED = "passed"


class Audits(msgspec.Struct, frozen=True, kw_only=True):
    """How many items of a specialist are audited in a day: a share, within a least and a most."""

    share: float = 0.01
    at_least: int = 1
    at_most: int = 10
    to: To = To.PERSON
