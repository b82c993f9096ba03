"""Has a rate shifted? An exact test of what happened lately against what happened before."""

from __future__ import annotations

from math import exp, lgamma
from typing import NamedTuple

__all__ = ["FEWEST", "RARE", "Counted", "fisher", "has_shifted"]

FEWEST = 20
"""Trials, lately and before, below which nothing is said."""

RARE = 0.001
"""How improbable what was seen must be, if nothing has changed, before anybody is told."""

_AS_LIKELY = 1 + 1e-7
"""Two tables that are equally likely may differ in the last digits."""


class Counted(NamedTuple):
    """How often something happened, out of how many trials."""

    found: int
    trials: int

    @property
    def rate(self) -> float | None:
        """The share; None of no trials."""
        return self.found / self.trials if self.trials else None


def has_shifted(lately: Counted, before: Counted) -> bool:
    """Is it improbable (p < 0.001) that both come from one rate? Said of at least twenty trials each."""
    enough = min(lately.trials, before.trials) >= FEWEST
    return enough and lately.rate != before.rate and fisher(lately, before) < RARE


def fisher(lately: Counted, before: Counted) -> float:
    """Fisher's exact test, two-sided: how probable, if both have one rate, are tables no likelier than the one seen.

    R. A. Fisher, Statistical Methods for Research Workers, section 21.02 (5th edition, 1934): with all sums of the two
    by two table given, what is counted in one cell is hypergeometric. The tail on both sides is as in `fisher.test` of
    R: every table that is at most as likely as the one seen. A test that is made at every look finds something by
    chance now and then; that is why the bound is a thousandth and not the usual twentieth.
    """
    found, total = lately.found + before.found, lately.trials + before.trials
    first, last = max(0, found - before.trials), min(found, lately.trials)
    at = [_log_choose(lately.trials, k) + _log_choose(before.trials, found - k) for k in range(first, last + 1)]
    all_of_them = _log_choose(total, found)
    likely = [exp(each - all_of_them) for each in at]
    seen = likely[lately.found - first] * _AS_LIKELY
    return min(1.0, sum(each for each in likely if each <= seen))


def _log_choose(of: int, taken: int) -> float:
    return lgamma(of + 1) - lgamma(taken + 1) - lgamma(of - taken + 1)
