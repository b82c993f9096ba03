"""Proportions: what a count says of the share behind it, with an interval that holds as often as it says.

Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26
(1934): exact, so that it covers at least as often as it says. Its limits are quantiles of beta distributions, whose
distribution function is reckoned by the continued fraction of Numerical Recipes, section 6.4 (Lentz's method).
"""

from __future__ import annotations

from math import exp, lgamma, log, log1p
from typing import NamedTuple

__all__ = ["CONFIDENCE", "Interval", "beta_below", "binomial_at_least", "interval"]

CONFIDENCE = 0.95
"""How often an interval holds what it is an interval of, unless another confidence is asked for."""

_TINY = 1e-300
_EXACT = 1e-12
_MOST_TERMS = 10_000
_HALVINGS = 60


class Interval(NamedTuple):
    """From the least to the most that a share may be."""

    low: float
    high: float


def interval(hits: float, tries: float, confidence: float = CONFIDENCE) -> Interval:
    """The Clopper-Pearson interval of a share that came out as `hits` of `tries`; of no tries, all there is.

    Neither need be whole: an effective number of tries is good as well (Korn and Graubard, "Confidence intervals for
    proportions with small expected number of positive counts estimated from survey data", Survey Methodology 24, 1998).
    """
    if tries <= 0:
        return Interval(0.0, 1.0)
    tail = (1 - confidence) / 2
    low = 0.0 if hits <= 0 else _quantile(tail, hits, tries - hits + 1)
    high = 1.0 if hits >= tries else _quantile(1 - tail, hits + 1, tries - hits)
    return Interval(low, high)


def binomial_at_least(hits: int, tries: int, share: float) -> float:
    """The probability of so many hits or more where each try hits with the probability `share`."""
    if hits <= 0:
        return 1.0
    return 0.0 if hits > tries else beta_below(share, hits, tries - hits + 1)


def beta_below(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function: the probability that a beta variable is at most x."""
    if x <= 0 or x >= 1:
        return float(x >= 1)
    front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def _fraction(x: float, a: float, b: float) -> float:
    """The continued fraction of the incomplete beta function."""
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    value = d
    for m in range(1, _MOST_TERMS):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for term in (even, odd):
            d = 1 / _away(1 + term * d)
            c = _away(1 + term / c)
            value *= c * d
        if abs(c * d - 1) < _EXACT:
            break
    return value


def _away(value: float) -> float:
    """Not zero, for it is divided by."""
    return value if abs(value) > _TINY else _TINY


def _quantile(share: float, a: float, b: float) -> float:
    """Where a beta distribution has so much of itself below, by halving."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if beta_below(middle, a, b) < share:
            low = middle
        else:
            high = middle
    return (low + high) / 2
