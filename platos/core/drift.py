"""Drift: is what comes in still like what a cut was made on? Watched so that one may look after every item.

Each question is a game in which nobody gains where nothing has changed: a capital of 1 is staked anew with each item,
and grows only where what comes in speaks against the promise. That it ever reaches 1 / delta has at most the
probability delta, however long and often one looks (Ville, 1939; Shafer, "Testing by betting", JRSS A 184, 2021).
Nobody knows the best stake, nor when a change will come: the capital is spread over several stakes, and a part of it is
held back for every later start.

- *sinking*: the place of each new known signal among those known before. Where nothing has changed, every place is as
  likely (Vovk, Nouretdinov and Gammerman, "Testing exchangeability on-line", ICML 2003); staked on low places with the
  power bets of that paper. Only what lies above the cut is seen of both, so each is compared there alone.
- *missed*: known signals that were let through against those that audits found among what was dismissed, each of these
  for 1 / chance: a bet on the mean of a bounded variable (Waudby-Smith and Ramdas, JRSS B 86, 2024); and
- *silent*: how few items lie above the cut.

The last asks no label, so it speaks where nobody labels, and it would speak of every harmless change too: with
thousands of items, no two months are alike. So it counts only what falls to less than half of what the cut's own items
let one expect with its uncertainty (the lower limit of their Clopper-Pearson interval). That more comes through than
expected costs, but endangers nothing. How many lie shortly below the cut says little: of a bell that moves, hardly
more than twice as much ever lies there.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import log

import msgspec

from platos.core.proportion import interval

__all__ = ["DELTA", "Expected", "Game", "News", "Watch", "alarm", "expect", "observe"]

DELTA = 0.05
"""The probability that a change is ever reported where there is none."""

_POWERS = (0.2, 0.4, 0.6, 0.8)
_STAKES = (0.01, 0.05, 0.2, 0.5)
_MOST = 1e12
_NEAR = 0.1
_LEAST = 0.5

_SAID = {
    "sinking": "signals look less and less like those that the cut was made on",
    "missed": "audits find more signals among what is dismissed than was promised",
    "silent": "less than half as many items as expected lie above the cut",
}


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What a cut leads one to expect. `may_miss` is the share of signals below it at most, `signals` the scores of
    those above it, in order; `near` the score from which an item lies shortly below it, where audits look more often;
    `quiet` the largest share of all items that may lie below it."""

    cut: float
    may_miss: float
    signals: tuple[float, ...]
    near: float
    quiet: float


class News(msgspec.Struct, frozen=True, kw_only=True):
    """What has come since the last look: the scores of items, those of known signals that were let through, and the
    audits of what was dismissed, each as whether it was a signal and the chance of its draw."""

    scores: Sequence[float] = ()
    signals: Sequence[float] = ()
    audits: Sequence[tuple[bool, float]] = ()


class Game(msgspec.Struct, frozen=True, array_like=True):
    """One question: how many turns it had, and what each stake has come to."""

    turns: int = 0
    capitals: tuple[float, ...] = (0.0,) * len(_STAKES)

    @property
    def capital(self) -> float:
        """All of it, with what is held back for later starts."""
        return _held_back(self.turns) + sum(self.capitals) / len(self.capitals)

    def play(self, gains: Iterable[float]) -> Game:
        """One more turn: what is released for it is staked too, and each stake grows by its gain."""
        released = _held_back(self.turns) - _held_back(self.turns + 1)
        grown = ((capital + released) * gain for capital, gain in zip(self.capitals, gains, strict=True))
        return Game(self.turns + 1, tuple(min(_MOST, capital) for capital in grown))

    def stake(self, hit: float, share: float) -> Game:
        """Stake on a hit, whose probability is at most `share`."""
        return self.play(1 + part * (hit / share - 1) for part in _STAKES)


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """How the games stand, and the signals seen since the cut was made."""

    sinking: Game = Game()
    missed: Game = Game()
    silent: Game = Game()
    since: tuple[float, ...] = ()

    def with_a_new_cut(self) -> Watch:
        """The games go on; the signals seen so far are among those that the new cut was made on."""
        return msgspec.structs.replace(self, since=())


def expect(cut: float, may_miss: float, signals: Iterable[float], items: Sequence[float]) -> Expected:
    """What a cut leads one to expect, from the scores of known signals and of usual items that it was made on."""
    below = sorted(score for score in items if score < cut)
    close = int(len(below) * (1 - _NEAR))
    above = interval(len(items) - len(below), len(items)).low
    return Expected(
        cut=cut,
        may_miss=may_miss,
        signals=tuple(sorted(score for score in signals if score > cut)),
        near=below[close] if below else cut,
        quiet=1 - _LEAST * above,
    )


def observe(watch: Watch, expected: Expected, news: News) -> Watch:
    """Play on with what has come in."""
    sinking, since = _sink(watch, expected, news.signals)
    missed = watch.missed
    for _ in news.signals:
        missed = missed.stake(0.0, expected.may_miss)
    for signal, chance in news.audits:
        missed = _miss(missed, chance, expected.may_miss) if signal else missed
    silent = watch.silent
    for score in news.scores:
        silent = silent.stake(float(score < expected.cut), expected.quiet)
    return Watch(sinking=sinking, missed=missed, silent=silent, since=since)


def alarm(watch: Watch, delta: float = DELTA) -> str | None:
    """What has changed, for people, or None. Each question has its part of delta."""
    each = {question: getattr(watch, question).capital for question in _SAID}
    worst = max(each, key=each.__getitem__)
    return _SAID[worst] if each[worst] >= len(each) / delta else None


def _held_back(turns: int) -> float:
    """The part of a capital that is not staked before that turn: it dwindles so slowly that a late start has some."""
    return 1 / (1 + log(1 + turns))


def _sink(watch: Watch, expected: Expected, signals: Iterable[float]) -> tuple[Game, tuple[float, ...]]:
    """Stake on each new signal being among the lowest of all that lie above the cut. Equals count against it."""
    game, since = watch.sinking, list(watch.since)
    for score in signals:
        if score > expected.cut:
            known = [*expected.signals, *since]
            place = (1 + sum(other <= score for other in known)) / (1 + len(known))
            game = game.play(power * place ** (power - 1) for power in _POWERS)
            since.append(score)
    return game, tuple(since)


def _miss(game: Game, chance: float, may_miss: float) -> Game:
    """A miss that an audit found: it stands for 1 / chance of them, most of which nobody sees."""
    return game.play(1 + part * (1 - may_miss) / (may_miss * chance) for part in _STAKES)
