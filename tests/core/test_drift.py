"""Drift: what endangers the promise is said, soon; what does not is hardly ever, however long one looks."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.conformal import Known, cut_of
from platos.core.drift import DELTA, Expected, Game, News, Watch, alarm, expect, observe

Recorder = Callable[[str, int], None]

BATCH = 50


class Stream(NamedTuple):
    """Scores are normal. Signals lie `apart` above noise until item `turn`, then `sunk` lower; noise is then `up`."""

    items: int = 1500
    rate: float = 0.05
    apart: float = 3.0
    turn: int = 10**9
    sunk: float = 0.0
    up: float = 0.0
    audited: float = 0.05

    def item(self, number: int, chance: Random) -> tuple[float, bool]:
        signal, late = chance.random() < self.rate, number >= self.turn
        middle = self.apart - self.sunk * late if signal else self.up * late
        return chance.gauss(middle, 1), signal


def made(stream: Stream, alpha: float, chance: Random, signals: int = 200) -> Expected:
    """A cut made on what came before."""
    known = [chance.gauss(stream.apart, 1) for _ in range(signals)]
    usual = [stream.item(0, chance)[0] for _ in range(800)]
    cut = cut_of([Known(score, 1.0, number) for number, score in enumerate(known)], alpha)
    assert cut is not None
    return expect(cut, alpha, known, usual)


def news(stream: Stream, start: int, cut: float, chance: Random) -> News:
    found = [stream.item(number, chance) for number in range(start, start + BATCH)]
    drawn = [signal for score, signal in found if score < cut and chance.random() < stream.audited]
    return News(
        scores=[score for score, _ in found],
        signals=[score for score, signal in found if signal and score >= cut],
        audits=[(signal, stream.audited) for signal in drawn],
    )


def first_alarm(stream: Stream, chance: Random, alpha: float = 0.05) -> tuple[int, str] | None:
    """After how many items something is said, and what."""
    expected, watch = made(stream, alpha, chance), Watch()
    for start in range(0, stream.items, BATCH):
        watch = observe(watch, expected, news(stream, start, expected.cut, chance))
        if (said := alarm(watch)) is not None:
            return start + BATCH, said
    return None


def alarms(stream: Stream, rounds: int, alpha: float = 0.05) -> list[tuple[int, str]]:
    chance = Random(f"{stream}")
    found = [first_alarm(stream, chance, alpha) for _ in range(rounds)]
    return [each for each in found if each is not None]


@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_where_nothing_changes_an_alarm_is_rarer_than_promised(alpha: float, record_cases: Recorder) -> None:
    rounds = 100
    record_cases("watched streams", rounds)
    assert len(alarms(Stream(), rounds, alpha)) <= DELTA * rounds


def test_a_harmless_change_of_what_comes_in_is_not_cried_at(record_cases: Recorder) -> None:
    rounds = 60
    record_cases("watched streams", rounds)
    assert len(alarms(Stream(turn=500, up=0.3), rounds)) <= DELTA * rounds


@pytest.mark.parametrize(
    ("stream", "says"),
    [
        (Stream(items=4000, turn=500, sunk=2.0), "signals look less"),
        (Stream(items=4000, turn=500, sunk=6.0), "audits find more"),
        (Stream(items=4000, rate=0.3, turn=500, sunk=6.0, audited=0.0), "lie above the cut"),
    ],
    ids=["signals sink", "signals vanish", "nothing comes through"],
)
def test_what_endangers_the_promise_is_said(stream: Stream, says: str, record_cases: Recorder) -> None:
    rounds = 30
    found = [(items, said) for items, said in alarms(stream, rounds) if items > stream.turn]
    record_cases("watched streams", rounds)
    assert len(found) >= 0.9 * rounds
    assert any(says in said for _, said in found)


def test_a_cut_that_delivers_a_third_is_found_out_before_forty_signals_are_lost(record_cases: Recorder) -> None:
    stream, rounds = Stream(items=4000, turn=1000, sunk=2.0), 40
    delays = sorted(items - stream.turn for items, _ in alarms(stream, rounds))
    record_cases("watched streams", rounds)
    assert len(delays) >= 0.9 * rounds
    assert delays[rounds // 2] * stream.rate * 0.64 < 40


def test_one_who_forgets_the_chance_of_an_audit_finds_nothing_out() -> None:
    """Planted: a miss that one audit in twenty finds counts for one."""
    chance, stream = Random(3), Stream(turn=0, sunk=6.0)
    expected, watch = made(stream, 0.05, chance), Watch()
    for start in range(0, 1500, BATCH):
        seen = news(stream, start, expected.cut, chance)
        audits = [(signal, 1.0) for signal, _ in seen.audits]
        watch = observe(watch, expected, News(audits=audits, signals=[9.0] * 10))
    assert alarm(watch) is None


@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 0.99)), max_size=40))
def test_a_game_is_fair_on_average(turns: list[tuple[bool, float]]) -> None:
    """Whatever happened before, the capital after one more turn is, on average, what it was."""
    game = Game()
    for hit, share in turns:
        game = game.stake(float(hit), share)
    share = 0.3
    after = share * game.stake(1.0, share).capital + (1 - share) * game.stake(0.0, share).capital
    assert after == pytest.approx(game.capital, rel=1e-9) or game.capital > 1e11


def test_places_are_staked_on_fairly() -> None:
    """Each place among the known is as likely, and equals count as the highest of them: nobody gains on average."""
    known = tuple(float(score) for score in range(1, 20))
    expected = Expected(cut=0.0, may_miss=0.05, signals=known, near=-1.0, quiet=0.9)
    places = [score - 0.5 for score in range(1, 21)]
    after = [observe(Watch(), expected, News(signals=[place])).sinking.capital for place in places]
    assert sum(after) / len(after) <= 1.0
    assert after == sorted(after, reverse=True)


def test_a_watch_survives_a_restart() -> None:
    chance, stream = Random(2), Stream()
    expected = made(stream, 0.1, chance)
    watch = observe(Watch(), expected, news(stream, 0, expected.cut, chance))
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(watch), type=Watch) == watch
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(expected), type=Expected) == expected


def test_a_new_cut_does_not_begin_the_games_anew() -> None:
    chance, stream = Random(2), Stream()
    expected = made(stream, 0.1, chance)
    watch = observe(Watch(), expected, news(stream, 0, expected.cut, chance))
    assert watch.since
    assert watch.with_a_new_cut().since == ()
    assert watch.with_a_new_cut().sinking == watch.sinking
