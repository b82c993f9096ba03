"""Misses: how many true signals triage dismisses, measured by audits and not hoped.

What is drawn, and with what chance: each stratum by its density, so that the chances add up to what is asked for. What
follows from the answers: Horvitz and Thompson, "A generalization of sampling without replacement from a finite
universe", JASA 47 (1952), each answer counts for as many items as it stands for; the interval is that of Korn and
Graubard (1998), a Clopper-Pearson interval of as many audits as the unequal chances leave effective (Kish, "Survey
Sampling", 1965).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

from platos.core.audit import Audits, Stratum
from platos.core.proportion import CONFIDENCE, Interval, interval

__all__ = ["Answers", "Missed", "Passed", "chances", "miss_rate", "missed"]

P = TypeVar("P")

_DENSITY = {Stratum.NEAR: 5, Stratum.FAR: 1, Stratum.PASSED: 1}
"""Near the cut there are more misses to find, and the interval is narrowest where they are looked for."""


class Answers(NamedTuple):
    """The audits of what one tier dismissed: so many items, `answered` of which were looked at.

    `weight` is how many items the answers stand for, each for 1 / chance; `squares` the sum of those squared, `signals`
    the part of the weight that were signals.
    """

    items: float
    answered: int
    weight: float
    squares: float
    signals: float


class Passed(NamedTuple):
    """What triage let through: so many items, of which some were labelled, some of these as signals."""

    items: int
    labelled: int
    signals: int


class Missed(NamedTuple):
    """A share of all true signals, and the interval that holds it."""

    share: float
    interval: Interval


def chances(sizes: Mapping[P, tuple[Stratum, int]], asked: Audits) -> dict[P, float]:
    """The chance with which each item of a place is drawn: together as many as are asked for, or all there are."""
    total = sum(size for _, size in sizes.values())
    count = min(total, max(asked.at_least, min(asked.at_most, round(asked.share * total))))
    certain: set[P] = set()
    while True:
        others = {place: of for place, of in sizes.items() if place not in certain}
        rest = count - sum(sizes[place][1] for place in certain)
        weight = sum(_DENSITY[stratum] * size for stratum, size in others.values())
        found = {place: rest * _DENSITY[stratum] / weight for place, (stratum, _) in others.items()}
        if all(chance <= 1 for chance in found.values()):
            return {**dict.fromkeys(certain, 1.0), **found}
        certain |= {place for place, chance in found.items() if chance > 1}


def missed(answers: Answers, confidence: float = CONFIDENCE) -> tuple[float, Interval]:
    """How many true signals a tier dismissed, and the interval that holds it."""
    if not answers.answered:
        return 0.0, Interval(0.0, answers.items)
    share = answers.signals / answers.weight
    effective = answers.weight**2 / answers.squares
    low, high = interval(share * effective, effective, confidence)
    return share * answers.items, Interval(low * answers.items, high * answers.items)


def miss_rate(answers: Iterable[Answers], passed: Passed, *, of: Answers | None = None) -> Missed:
    """The share of all true signals that triage dismissed; that of one of these tiers where `of` is given.

    The misses of each tier, and what was found, have an interval each; that all of these hold is as sure as the
    confidence says (Bonferroni), and so is what follows from them. Of what was let through and nobody labelled, as much
    is taken for signals as of the rest.
    """
    tiers = list(answers)
    confidence = 1 - (1 - CONFIDENCE) / (len(tiers) + 1)
    found, found_in = _found(passed, confidence)
    mine, mine_in = _sum(missed(tier, confidence) for tier in tiers if of is None or tier is of)
    rest, rest_in = _sum(missed(tier, confidence) for tier in tiers if of is not None and tier is not of)
    return Missed(
        _share(mine, found + rest),
        Interval(_share(mine_in.low, found_in.high + rest_in.high), _share(mine_in.high, found_in.low + rest_in.low)),
    )


def _found(passed: Passed, confidence: float) -> tuple[float, Interval]:
    unknown = passed.items - passed.labelled
    low, high = interval(passed.signals, passed.labelled, confidence)
    share = passed.signals / passed.labelled if passed.labelled else 0.5
    signals = passed.signals
    return signals + share * unknown, Interval(signals + low * unknown, signals + high * unknown)


def _sum(estimates: Iterable[tuple[float, Interval]]) -> tuple[float, Interval]:
    found = list(estimates)
    low, high = (sum(getattr(within, end) for _, within in found) for end in Interval._fields)
    return sum(value for value, _ in found), Interval(low, high)


def _share(part: float, rest: float) -> float:
    return part / (part + rest) if part else 0.0
