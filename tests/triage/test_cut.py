"""The cut of the tier `learned`: what it promises, and why it promises nothing."""

from __future__ import annotations

from random import Random

import msgspec
import pytest

from platos.triage._cut import Cut, Scored, calibrate


def lessons(signals: int, noise: int, apart: float, *, chance: float | None = 1.0) -> list[Scored]:
    """Signals and noise in any order, with normal scores that lie so far apart."""
    random = Random(f"{signals}/{noise}/{apart}")
    kinds = [True] * signals + [False] * noise
    random.shuffle(kinds)
    return [
        Scored(random.gauss(apart * signal, 1), signal, chance, "feed", 10 * number)
        for number, signal in enumerate(kinds)
    ]


def test_with_enough_signals_a_cut_dismisses_most_noise() -> None:
    cut = calibrate(lessons(100, 900, 4.0), 0.05)
    assert cut.expected is not None
    assert (cut.why, cut.needed, cut.promised) == ("", 36, 0.95)
    assert cut.support == pytest.approx(100, rel=0.06)
    assert 0.9 < cut.dismisses < 1
    assert cut.expected.may_miss == pytest.approx(0.08)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(cut), type=Cut) == cut


def test_below_the_support_it_says_how_many_are_needed() -> None:
    cut = calibrate(lessons(12, 300, 4.0), 0.05)
    assert cut.expected is None
    assert cut.why == "11 of the 36 known signals that it takes to promise 95%"


def test_signals_that_nobody_drew_support_nothing() -> None:
    cut = calibrate(lessons(100, 900, 4.0, chance=None), 0.05)
    assert (cut.expected, cut.support) == (None, 0.0)


def test_support_is_never_rounded_up_to_enough() -> None:
    cut = calibrate([*lessons(35, 300, 4.0), Scored(4.0, True, 0.5, "feed", 10_000)], 0.05)
    assert cut.expected is None
    assert cut.why.startswith("34 of the 36")


def test_where_scores_are_blind_it_escalates() -> None:
    cut = calibrate(lessons(100, 900, 0.0), 0.05)
    assert cut.expected is None
    assert cut.why == "what items say does not tell signals from noise"


def test_where_nothing_may_be_missed_it_escalates() -> None:
    assert calibrate(lessons(100, 900, 4.0), 0.0).why == "it may miss nothing"


def test_a_window_of_one_source_counts_once() -> None:
    window = [Scored(5.0, True, 1.0, "disk", number) for number in range(400)]
    noise = lessons(0, 300, 0.0)
    cut = calibrate([*window, *(each._replace(order=1000 + each.order) for each in noise)], 0.1)
    assert cut.expected is None
    assert cut.why.startswith("1 of the 22")


def test_what_is_labelled_more_often_is_not_taken_for_more_of_what_comes() -> None:
    """Of what was dismissed a tenth is audited; all that was let through is labelled."""
    let_through = lessons(200, 0, 4.0)
    audited = [each._replace(chance=0.1, order=10_000 + each.order) for each in lessons(0, 90, 4.0)]
    cut = calibrate([*let_through, *audited], 0.05)
    assert cut.expected is not None
    above = 200 / (200 + 900)
    assert 1 - cut.expected.quiet == pytest.approx(above / 2, abs=0.03)
