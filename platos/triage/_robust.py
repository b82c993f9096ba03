"""Robust statistics: the middle of some numbers and their spread, which a few wild ones do not move.

The modified z-score of Iglewicz and Hoaglin, How to Detect and Handle Outliers (ASQC, 1993): the distance from the
median in units of the median absolute deviation, scaled so that for normal noise it is the standard deviation. Where
more than half of the numbers are equal that deviation is 0, and the mean absolute deviation stands in.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

__all__ = ["median_of", "score"]

_PER_MEDIAN_DEVIATION = 1.4826
_PER_MEAN_DEVIATION = 1.253314


def score(number: float, others: Sequence[float]) -> tuple[float, float]:
    """How far a number lies from the median of others, in robust standard deviations; and that median."""
    middle = median_of(sorted(others))
    spread = _spread(others, middle)
    distance = abs(number - middle)
    if spread == 0:
        return (inf if distance else 0.0), middle
    return distance / spread, middle


def median_of(ordered: Sequence[float]) -> float:
    """The median of numbers in their order."""
    half, odd = divmod(len(ordered), 2)
    return ordered[half] if odd else ordered[half - 1] / 2 + ordered[half] / 2


def _spread(numbers: Sequence[float], middle: float) -> float:
    distances = sorted([abs(number - middle) for number in numbers])
    typical = _PER_MEDIAN_DEVIATION * median_of(distances)
    return typical or _PER_MEAN_DEVIATION * sum(distances) / len(distances)
