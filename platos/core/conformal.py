"""The promised cut: below it a tier dismisses, and of the true signals no more than a promised share lies there.

Class-conditional split conformal prediction on the signals (Vovk, "Conditional validity of inductive conformal
predictors", 2012; Lei et al., "Distribution-free predictive inference for regression", 2018). Where the next signal is
like the known ones, its place among them is as likely to be any: with n of them, and one more that may lie at the very
bottom, the cut is that of rank floor(alpha (n + 1)). Signals that were seen with unequal chances count for 1 / chance
(Tibshirani et al., "Conformal prediction under covariate shift", 2019); the next one then weighs what is usual, the
mean weight as the known ones see it. That keeps one number of them in force: n effective (Kish, "Survey Sampling",
1965), signals of one episode being counted together.

That holds on average over all who might have been given such signals; a specialist has the ones it has. So the cut is
also one that, for 19 in 20 of those, misses no more than `WITHIN` beyond the promise: the upper limit of Clopper and
Pearson for what lies below it (Vovk 2012, proposition 2). With few signals that asks for more of them, and for a lower
cut; with some hundreds it asks for nothing more. And as signals change with time, what is known of old ones fades
(Barber et al., "Conformal prediction beyond exchangeability", Annals of Statistics 51, 2023): each counts half as much
as one that so many signals later came.

Only audits may tighten a cut. A signal that somebody complained about was not drawn: it can lower the cut, never raise
it. And what an earlier cut let through says nothing of what it dismissed: were these signals taken for all there are,
each new cut would dismiss as many again. So an earlier cut is taken to have missed what it was allowed to, and as
audits look and find less, that is what it missed: the mean of a Poisson rate whose gamma prior is worth one find
(Gelman et al., "Bayesian Data Analysis", section 2.6). Where they find as much or more, what they found is all.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import ceil, exp, inf, isinf, lgamma, log
from typing import NamedTuple

from platos.core.proportion import beta_below

__all__ = [
    "WITHIN",
    "Known",
    "Seen",
    "at_most",
    "cut_of",
    "episodes_of",
    "fades",
    "is_worth_it",
    "needed",
    "support",
    "unlooked",
    "unseen",
]

WITHIN = 0.03
"""How far a cut may fall short of its promise, but for one in 20: known signals never tell the share exactly."""

_DOUBT = 0.05
_HALVED = 100
_AT_LEAST = 3
"""What is known counts half after so many signals, and after so many times those that a promise needs."""

_HALVINGS = 40
_BY_CHANCE = 0.01
_TOGETHER = 3
_SLACK = 1e-9


class Seen(NamedTuple):
    """A labelled item: the source that it came from, its place in the order of arrival, and whether it is a signal."""

    source: str
    order: int
    signal: bool


class Known(NamedTuple):
    """A known signal: its score, by a classifier that has not learnt from it; for how many it stands, which is 1 / the
    chance of having been seen, or None where nobody knows that; the episode that it belongs to; and how much of it
    still counts, 1 where it has not faded."""

    score: float
    weight: float | None
    episode: int
    fade: float = 1.0


def episodes_of(lessons: Sequence[Seen]) -> list[int]:
    """The episode of each lesson, given in order of arrival.

    Consecutive signals of one source are one episode: ten readings of one outage say little more than one does. Two
    that lie far apart are not consecutive, even if nothing between them was labelled.
    """
    last: dict[str, tuple[Seen, int]] = {}
    found: list[int] = []
    for number, seen in enumerate(lessons):
        before, episode = last.get(seen.source, (seen, number))
        goes_on = before.signal and seen.signal and seen.order - before.order <= _TOGETHER
        found.append(episode if goes_on else number)
        last[seen.source] = seen, found[-1]
    return found


def fades(signals: Sequence[bool], alpha: float) -> list[float]:
    """How much each lesson still counts, from whether it is a signal, in order of arrival."""
    after, found = sum(signals), []
    half = max(_HALVED, _AT_LEAST * needed(alpha))
    for signal in signals:
        after -= signal
        found.append(0.5 ** (after / half))
    return found


def at_most(alpha: float) -> float:
    """The share of signals that a cut promised for alpha misses at most, but for one in 20."""
    return min(1.0, alpha + WITHIN)


def needed(alpha: float) -> int:
    """How many signals a promise to miss at most the share alpha needs: with fewer, the next may always be the lowest,
    or even the lowest of them may lie too high.

    Nothing supports a share of 0.
    """
    if alpha <= 1e-9:
        return 10**9
    worst = at_most(alpha)
    sure = log(_DOUBT) / log(1 - worst) if worst < 1 else 0.0
    return ceil(max(1 / alpha - 1, sure) - _SLACK)


def support(known: Sequence[Known]) -> float:
    """How many signals the known ones are worth: only those whose chance is known count, an episode once."""
    return _effective([(each.weight * each.fade, each.episode) for each in known if each.weight is not None])


def unseen(passed: float, found: float, weight: float, chance: float, alpha: float) -> float:
    """How many signals an earlier cut dismissed that nobody has seen, while it let so many through.

    Audits `found` some, which stand for `weight`, and so were drawn with a chance of found / weight; where they found
    none, each item that was dismissed had that mean `chance`.
    """
    allowed = passed * alpha / (1 - alpha)
    drawn = found / weight if weight else chance
    return max(0.0, allowed * (found + 1) / (allowed * drawn + 1) - weight)


def unlooked(found: float, weight: float, chance: float) -> float:
    """How many signals were dismissed that nobody has seen, where nothing bounded how many that might be.

    As `unseen`, with nothing known beforehand but what audits `found`; without a chance to find any, there is no bound.
    """
    return max(0.0, (found + 1) / chance - weight) if chance > 0 else inf


def cut_of(known: Sequence[Known], alpha: float, lost: float = 0.0) -> float | None:
    """The highest cut below which at most the share alpha of signals lies, or None where the known ones are too few.

    `lost` is how many more there were, which nobody has seen, and which may lie anywhere.
    """
    drawn = [each for each in known if each.weight is not None]
    each_way = [
        [(each.score, (each.weight or 1.0) * each.fade, each.episode) for each in some] for some in (drawn, known)
    ]
    cuts = [_cut(signals, alpha, lost) for signals in each_way]
    return min((cut for cut in cuts if cut is not None), default=None) if None not in cuts else None


def is_worth_it(signals: tuple[float, float], noise: tuple[float, float]) -> bool:
    """Whether a cut dismisses noise more readily than signals, and not by chance. Each: how many below it, of how many.

    The precedence test (Nelson, "Tables for a precedence life test", Technometrics 5, 1963): were scores blind,
    signals and noise would lie in any order. That so much noise comes before so few signals has then the probability of
    Fisher's exact test. Where text says nothing, a cut dismisses what the promise allows, and saves nothing worth it.
    """
    below, of = ceil(signals[0] - _SLACK), max(1, int(signals[1] + _SLACK))
    dismissed, usual = int(noise[0] + _SLACK), int(noise[1] + _SLACK)
    drawn = below + dismissed
    return sum(exp(_log_chance(hits, of, usual, drawn)) for hits in range(below + 1)) < _BY_CHANCE


def _log_chance(hits: int, of: int, others: int, drawn: int) -> float:
    """The logarithm of the hypergeometric probability of so many hits."""
    if hits > of or not 0 <= drawn - hits <= others:
        return -1e9
    return _log_ways(of, hits) + _log_ways(others, drawn - hits) - _log_ways(of + others, drawn)


def _log_ways(of: int, some: int) -> float:
    return lgamma(of + 1) - lgamma(some + 1) - lgamma(of - some + 1)


def _effective(weights: Sequence[tuple[float, int]]) -> float:
    """Kish's effective number, where each episode is drawn as a whole."""
    episodes: dict[int, float] = {}
    for weight, episode in weights:
        episodes[episode] = episodes.get(episode, 0.0) + weight
    total = sum(episodes.values())
    return total * total / sum(weight * weight for weight in episodes.values()) if total else 0.0


def _cut(signals: Sequence[tuple[float, float, int]], alpha: float, lost: float) -> float | None:
    total = sum(weight for _, weight, _ in signals)
    if not total or isinf(lost):
        return None
    following = total / _effective([(weight, episode) for _, weight, episode in signals])
    left = (_rank((total + lost) / following, alpha) - 1) * following - lost + _SLACK * total
    if left < 0:
        return None
    for score, weight, _ in sorted(signals):
        if weight > left:
            return score
        left -= weight
    return None


@lru_cache(maxsize=256)
def _rank(signals: float, alpha: float) -> float:
    """Below which of so many signals a cut may lie: on average, and surely enough. The share of all below that of rank
    k has a beta distribution of k and of the other ranks; neither need be whole."""
    rank, worst = alpha * (signals + 1), at_most(alpha)
    if worst >= 1 or _is_sure(rank, signals, worst):
        return rank
    low, high = 0.0, rank
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (middle, high) if _is_sure(middle, signals, worst) else (low, middle)
    return low


def _is_sure(rank: float, signals: float, worst: float) -> bool:
    return rank <= 0 or beta_below(worst, rank, signals + 1 - rank) >= 1 - _DOUBT - _SLACK
