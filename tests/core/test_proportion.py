"""Intervals of shares: the published values, and as often right as they say."""

from __future__ import annotations

from math import comb
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.proportion import Interval, beta_below, binomial_at_least, interval

PUBLISHED = {
    (0, 10): (0.0, 0.30849710781876083),
    (5, 10): (0.18708602844739855, 0.8129139715526015),
    (3, 100): (0.006229971538306396, 0.08517605297428075),
    (399, 400): (0.9861502300379898, 0.9999367074830948),
    (81, 263): (0.252736745585, 0.367621922601),
}
"""Of so many hits in so many tries, as scipy.stats.beta and R's binom.test have it."""


@pytest.mark.parametrize(("counts", "known"), PUBLISHED.items(), ids=str)
def test_an_interval_is_the_published_one(counts: tuple[int, int], known: tuple[float, float]) -> None:
    assert interval(*counts) == pytest.approx(known, abs=1e-9)


def test_of_no_tries_a_share_may_be_anything() -> None:
    assert interval(0, 0) == Interval(0.0, 1.0)


@given(st.floats(0.001, 0.999), st.floats(0.5, 500), st.floats(0.5, 500))
def test_a_beta_distribution_is_its_own_mirror(x: float, a: float, b: float) -> None:
    assert beta_below(x, a, b) == pytest.approx(1 - beta_below(1 - x, b, a), abs=1e-9)


@given(st.integers(0, 30), st.integers(1, 30), st.floats(0.01, 0.99))
def test_a_binomial_tail_is_the_sum_of_its_terms(hits: int, tries: int, share: float) -> None:
    exact = sum(comb(tries, k) * share**k * (1 - share) ** (tries - k) for k in range(hits, tries + 1))
    assert binomial_at_least(hits, tries, share) == pytest.approx(exact, abs=1e-9)


@given(st.floats(0, 60).filter(lambda hits: hits == 0 or hits > 1e-3), st.floats(0.5, 60))
def test_an_interval_holds_what_was_seen(hits: float, more: float) -> None:
    low, high = interval(hits, hits + more)
    assert 0 <= low <= hits / (hits + more) <= high <= 1


@pytest.mark.parametrize("share", [0.01, 0.05, 0.3, 0.5, 0.95])
@pytest.mark.parametrize("tries", [5, 20, 100])
def test_an_interval_holds_the_share_as_often_as_it_says(share: float, tries: int) -> None:
    chance = Random(f"{share}/{tries}")
    seen = [sum(chance.random() < share for _ in range(tries)) for _ in range(600)]
    held = sum(low <= share <= high for low, high in (interval(hits, tries) for hits in seen))
    assert held / len(seen) >= 0.93
