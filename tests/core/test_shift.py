"""Whether a rate has shifted: against tables whose probabilities are known."""

from __future__ import annotations

from itertools import product
from math import comb, isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.shift import FEWEST, RARE, Counted, fisher, has_shifted


def by_definition(lately: Counted, before: Counted) -> float:
    """The test again, in whole numbers: over the number of ways in which the trials can hold what was found."""
    found, total = lately.found + before.found, lately.trials + before.trials
    ways = [comb(lately.trials, k) * comb(before.trials, found - k) for k in range(found + 1)]
    return sum(each for each in ways if each <= ways[lately.found]) / comb(total, found)


counted = st.integers(0, 60).flatmap(lambda trials: st.builds(Counted, st.integers(0, trials), st.just(trials)))


@given(counted, counted)
def test_it_is_what_counting_every_table_gives(lately: Counted, before: Counted) -> None:
    assert isclose(fisher(lately, before), by_definition(lately, before), rel_tol=1e-6, abs_tol=1e-12)


def test_the_lady_who_tastes_tea() -> None:
    """Fisher's own example: three of four cups with milk first are found among eight; both tails are 34 of 70."""
    assert isclose(fisher(Counted(3, 4), Counted(1, 4)), 34 / 70)


def test_the_twins_of_convicts() -> None:
    """Fisher's table of section 21.02: 10 of 13 against 2 of 17; R gives 0.0005367."""
    assert isclose(fisher(Counted(10, 13), Counted(2, 17)), 0.0005367, rel_tol=1e-3)


def test_it_is_the_same_both_ways_round() -> None:
    assert isclose(fisher(Counted(2, 17), Counted(10, 13)), fisher(Counted(10, 13), Counted(2, 17)))


def test_a_large_shift_is_seen_in_both_directions() -> None:
    assert has_shifted(Counted(10, 20), Counted(10, 1_000))
    assert has_shifted(Counted(0, 1_000), Counted(50, 500))


def test_the_same_rate_has_not_shifted_however_many_there_are() -> None:
    assert not has_shifted(Counted(5_000, 50_000), Counted(10_000, 100_000))


def test_of_few_trials_nothing_is_said() -> None:
    for lately, before in product((FEWEST - 1, FEWEST), repeat=2):
        shifted = has_shifted(Counted(lately, lately), Counted(0, before))
        assert shifted == (lately == before == FEWEST)


@pytest.mark.parametrize(("found", "shifted"), [(4, False), (5, True)])
def test_what_happens_once_in_a_thousand_by_chance_is_told(found: int, shifted: bool) -> None:
    lately, before = Counted(found, 100), Counted(5, 1_000)
    assert (by_definition(lately, before) < RARE) == shifted == has_shifted(lately, before)


def test_chance_alone_is_seldom_told() -> None:
    """Of all that can come of fifty trials at one rate, what is told has a probability of less than a thousandth."""
    before, rate = Counted(100, 1_000), 0.1
    told = sum(comb(50, k) * rate**k * (1 - rate) ** (50 - k) for k in range(51) if has_shifted(Counted(k, 50), before))
    assert 0 < told < RARE
