"""The promised cut keeps its promise, says when it cannot be made, and is refused where scores are blind."""

from __future__ import annotations

from collections.abc import Callable
from math import floor
from random import Random
from statistics import NormalDist, mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.conformal import (
    Known,
    Seen,
    at_most,
    cut_of,
    episodes_of,
    fades,
    is_worth_it,
    needed,
    support,
    unlooked,
)
from platos.core.proportion import binomial_at_least

Recorder = Callable[[str, int], None]

SCORES = st.lists(st.floats(-10, 10), min_size=1, max_size=60, unique=True)
ALPHAS = st.sampled_from([0.02, 0.05, 0.1, 0.25])


def plain(scores: list[float]) -> list[Known]:
    return [Known(score, 1.0, number) for number, score in enumerate(scores)]


def gauss(count: int, chance: Random) -> list[float]:
    return [chance.gauss(0, 1) for _ in range(count)]


@pytest.mark.parametrize(("alpha", "count"), [(0.05, 36), (0.1, 22), (0.02, 59), (0.3, 8), (0.5, 4)])
def test_a_promise_needs_so_many_signals(alpha: float, count: int) -> None:
    assert needed(alpha) == count
    assert cut_of(plain([float(score) for score in range(count)]), alpha) == 0.0
    assert cut_of(plain([float(score) for score in range(count - 1)]), alpha) is None


def test_nothing_supports_a_promise_to_miss_nothing() -> None:
    assert needed(0.0) > 10**6
    assert cut_of(plain([float(score) for score in range(1000)]), 0.0) is None


@given(SCORES, ALPHAS)
def test_the_cut_is_the_score_of_the_rank_that_is_published(scores: list[float], alpha: float) -> None:
    count = len(scores)
    ranks = range(1, floor(alpha * (count + 1) + 1e-9) + 1)
    rank = max((each for each in ranks if binomial_at_least(each, count, at_most(alpha)) >= 0.95), default=0)
    assert cut_of(plain(scores), alpha) == (sorted(scores)[rank - 1] if rank else None)


@given(SCORES, ALPHAS, st.floats(-10, 10), st.integers(1, 30))
def test_a_signal_that_nobody_drew_never_raises_the_cut(
    scores: list[float], alpha: float, score: float, often: int
) -> None:
    known = plain(scores)
    complaints = [Known(score, None, 1000 + number) for number in range(often)]
    before, after = cut_of(known, alpha), cut_of(known + complaints, alpha)
    assert support(known + complaints) == support(known)
    assert after is None or (before is not None and after <= before)


def test_complaints_lower_the_cut() -> None:
    known = plain([float(score) for score in range(100)])
    complaints = [Known(-5.0, None, 1000 + number) for number in range(20)]
    assert cut_of(known, 0.05) == 3.0
    assert cut_of(known + complaints, 0.05) == -5.0


@pytest.mark.parametrize("count", [36, 60, 250])
@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_on_average_no_more_is_missed_than_promised(count: int, alpha: float, record_cases: Recorder) -> None:
    chance, rounds, missed = Random(f"{count}/{alpha}"), 1500, 0
    for _ in range(rounds):
        cut = cut_of(plain(gauss(count, chance)), alpha)
        assert cut is not None
        missed += chance.gauss(0, 1) < cut
    record_cases("promised cuts", rounds)
    assert missed / rounds <= alpha + 3 * (alpha * (1 - alpha) / rounds) ** 0.5


def fall_short(cut_by: Callable[[list[float]], float | None], count: int, alpha: float, rounds: int) -> float:
    """How often a cut misses more than the promise is held within."""
    chance, short = Random(f"{count}/{alpha}"), 0
    for _ in range(rounds):
        cut = cut_by(gauss(count, chance))
        short += cut is not None and NormalDist().cdf(cut) > at_most(alpha)
    return short / rounds


@pytest.mark.parametrize("count", [39, 60, 250])
@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_hardly_any_cut_falls_far_short_of_its_promise(count: int, alpha: float, record_cases: Recorder) -> None:
    rounds = 600
    record_cases("promised cuts", rounds)
    assert fall_short(lambda scores: cut_of(plain(scores), alpha), count, alpha, rounds) <= 0.05 + 0.027


def test_a_cut_that_is_right_only_on_average_is_caught() -> None:
    """Planted: the rank of split conformal prediction alone."""
    assert fall_short(lambda scores: sorted(scores)[floor(0.05 * (len(scores) + 1)) - 1], 39, 0.05, 600) > 0.12


def test_with_hundreds_of_signals_being_sure_asks_for_nothing_more() -> None:
    assert cut_of(plain([float(score) for score in range(399)]), 0.05) == 19.0


def test_what_is_known_of_a_signal_counts_half_a_hundred_signals_later_or_more_where_a_promise_needs_many() -> None:
    assert fades([True] + [False, True] * 100, 0.1)[0] == pytest.approx(0.5)
    assert fades([True] * 178, 0.02)[0] == pytest.approx(0.5)
    assert fades([True, False, False], 0.05) == [1.0, 1.0, 1.0]


def sinking(count: int, half: bool, chance: Random) -> float:
    """What a cut misses of signals that sink, made on so many of which the last is as the next."""
    scores = [chance.gauss(-number / 200, 1) for number in range(count)]
    faded = fades([True] * count, 0.05) if half else [1.0] * count
    cut = cut_of([Known(score, 1.0, n, fade) for n, (score, fade) in enumerate(zip(scores, faded, strict=True))], 0.05)
    assert cut is not None
    return NormalDist(-count / 200, 1).cdf(cut)


def test_where_signals_sink_slowly_a_cut_that_fades_misses_little_and_one_that_does_not_is_caught(
    record_cases: Recorder,
) -> None:
    rounds = 100
    record_cases("promised cuts", rounds)
    missed = [mean(sinking(600, half, Random(seed)) for seed in range(rounds)) for half in (True, False)]
    assert missed[0] < 0.15 < 0.2 < missed[1]


def audited(count: int, old_cut: float, drawn: float, chance: Random) -> list[Known]:
    """Signals, all of which were seen above an earlier cut, and below it those that an audit drew."""
    found = []
    for number, score in enumerate(gauss(count, chance)):
        of = 1.0 if score >= old_cut else drawn
        if chance.random() < of:
            found.append(Known(score, 1 / of, number))
    return found


def missed_with(draw: Callable[[Random], list[Known]], alpha: float, rounds: int) -> float:
    chance, missed, made = Random(f"{alpha}"), 0, 0
    for _ in range(rounds):
        cut = cut_of(draw(chance), alpha)
        made += cut is not None
        missed += cut is not None and chance.gauss(0, 1) < cut
    return missed / made


@pytest.mark.parametrize("drawn", [0.1, 0.3])
def test_audits_with_known_chances_keep_the_promise(drawn: float, record_cases: Recorder) -> None:
    rounds = 1500
    record_cases("promised cuts", rounds)
    assert missed_with(lambda chance: audited(150, -1.0, drawn, chance), 0.1, rounds) <= 0.1 + 0.025


def test_a_cut_that_forgets_the_chances_is_caught() -> None:
    """Planted: what is seen counts for itself alone. Most of what lies low was then never seen."""

    def forgetful(chance: Random) -> list[Known]:
        return [known._replace(weight=1.0) for known in audited(150, -1.0, 0.1, chance)]

    assert missed_with(forgetful, 0.1, 800) > 0.15


def test_consecutive_signals_of_one_source_are_one_episode() -> None:
    lessons = [
        Seen("disk", 1, True),
        Seen("disk", 2, True),
        Seen("net", 3, True),
        Seen("disk", 4, True),
        Seen("disk", 5, False),
        Seen("disk", 6, True),
        Seen("disk", 60, True),
    ]
    first, second, net, fourth, _, sixth, far = episodes_of(lessons)
    assert first == second == fourth
    assert len({first, net, sixth, far}) == 4


def test_an_episode_supports_as_much_as_one_signal() -> None:
    window = [Known(float(score), 1.0, 7) for score in range(500)]
    assert support(window) == pytest.approx(1)
    assert cut_of(window, 0.05) is None
    apart = [Known(float(score), 1.0, score // 10) for score in range(300)]
    assert support(apart) == pytest.approx(30)


def test_unequal_chances_support_less() -> None:
    known = [*plain([float(score) for score in range(30)]), Known(0.0, 50.0, 100)]
    assert support(known) == pytest.approx(80**2 / (30 + 2500))


@pytest.mark.parametrize("count", [36, 100])
def test_where_scores_are_blind_a_cut_is_hardly_ever_worth_it(count: int, record_cases: Recorder) -> None:
    chance, rounds, taken = Random(count), 600, 0
    for _ in range(rounds):
        signals, noise = gauss(count, chance), gauss(200, chance)
        taken += judged(signals, noise)
    record_cases("blind cuts", rounds)
    assert taken / rounds <= 0.02


def judged(signals: list[float], noise: list[float]) -> bool:
    cut = cut_of(plain(signals), 0.05)
    assert cut is not None
    below = sum(score < cut for score in signals), sum(score < cut for score in noise)
    return is_worth_it((below[0], len(signals)), (below[1], len(noise)))


def test_where_scores_tell_signals_from_noise_a_cut_is_worth_it() -> None:
    chance = Random(1)
    assert judged([score + 3 for score in gauss(40, chance)], gauss(300, chance))


def test_a_cut_that_dismisses_nothing_is_not_worth_it() -> None:
    assert not is_worth_it((0, 40), (0, 300))
    assert not is_worth_it((0, 40), (0, 0))


def test_the_precedence_test_has_the_exact_probability() -> None:
    """No signal among the first 15, or 16, of four signals and twenty: 0.0119, or 0.0066, and 0.01 lies between."""
    assert not is_worth_it((0, 4), (15, 20))
    assert is_worth_it((0, 4), (16, 20))


def test_without_audits_nothing_bounds_what_was_dismissed_and_no_cut_is_promised() -> None:
    known = [Known(score / 100, 1.0, score) for score in range(100)]
    assert cut_of(known, 0.05) is not None
    assert cut_of(known, 0.05, unlooked(0, 0.0, 0.0)) is None
    assert unlooked(0, 0.0, 0.01) == 100
    assert unlooked(3, 6.0, 0.5) == 2.0
