"""The cut of a tier: from lessons and their scores to what it promises, or to why it promises nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

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
    unseen,
)
from platos.core.drift import Expected, expect

__all__ = ["Cut", "Scored", "calibrate"]


class Scored(NamedTuple):
    """A lesson: its score, by something that has not learnt from it; the truth, and the chance of having been seen,
    None where nobody knows it; its source, its place in the order of arrival, and whether a cut let it through, None
    where nothing was in force that dismissed. `word`: it was no cut, but the tier's own word."""

    score: float
    signal: bool
    chance: float | None
    source: str
    order: int
    passed: bool | None = None
    word: bool = False


class Cut(msgspec.Struct, frozen=True, kw_only=True):
    """What a tier promises. `expected` holds the score below which it dismisses, and is None where it passes everything
    up; `why` tells the reason. `dismisses` is the share of noise below the cut."""

    promised: float
    support: float
    needed: int
    why: str
    dismisses: float = 0.0
    expected: Expected | None = None


def calibrate(lessons: Sequence[Scored], alpha: float) -> Cut:
    """The cut that misses at most the share alpha of signals, from lessons in order of arrival."""
    faded = fades([each.signal for each in lessons], alpha)
    known = _known(lessons, faded)
    has, of, lost = support(known), needed(alpha), _lost(lessons, faded, alpha)
    none = Cut(promised=1 - alpha, support=has, needed=of, why=_too_few(has, of, alpha, lost))
    cut = cut_of(known, alpha, lost)
    if cut is None:
        return none
    weighed = [(each.score, 1 / each.chance) for each in lessons if each.chance and not each.signal]
    noise = _below(cut, weighed)
    signals = [(each.score, each.weight * each.fade) for each in known if each.weight]
    if not is_worth_it(_below(cut, signals, has), noise):
        return msgspec.structs.replace(none, why="what items say does not tell signals from noise")
    expected = expect(cut, at_most(alpha), (each.score for each in known), _all_that_came(lessons))
    return msgspec.structs.replace(none, why="", dismisses=noise[0] / noise[1], expected=expected)


def _all_that_came(lessons: Sequence[Scored]) -> list[float]:
    """The scores of all items, as the lessons stand for them: those that were let through are labelled more often."""
    return [each.score for each in lessons if each.chance for _ in range(round(1 / each.chance))]


def _lost(lessons: Sequence[Scored], faded: Sequence[float], alpha: float) -> float:
    """How many signals were dismissed unseen: by earlier cuts, which were allowed to miss some, and by the tier's own
    word, which nothing bounded."""
    both = list(zip(lessons, faded, strict=True))
    by_cut, by_word = [[each for each in both if each[0].word is word] for word in (False, True)]
    passed = sum(fade for each, fade in by_cut if each.passed and each.signal)
    lost = unseen(passed, *_found(by_cut), alpha) if passed else 0.0
    return lost + unlooked(*_found(by_word)) if by_word else lost


def _found(both: Sequence[tuple[Scored, float]]) -> tuple[float, float, float]:
    """Of what was dismissed: how many signals audits found, for how many they stand, and the chance of a draw."""
    audits = [(each.signal, 1 / each.chance, fade) for each, fade in both if each.passed is False and each.chance]
    found = sum(fade for signal, _, fade in audits if signal)
    weight = sum(stands * fade for signal, stands, fade in audits if signal)
    items = sum(stands * fade for _, stands, fade in audits)
    chance = sum(fade for _, _, fade in audits) / items if items else 0.0
    return found, weight, chance


def _known(lessons: Sequence[Scored], faded: Sequence[float]) -> list[Known]:
    episodes = episodes_of([Seen(each.source, each.order, each.signal) for each in lessons])
    return [
        Known(each.score, 1 / each.chance if each.chance else None, episode, fade)
        for each, episode, fade in zip(lessons, episodes, faded, strict=True)
        if each.signal
    ]


def _below(cut: float, weighed: Sequence[tuple[float, float]], of: float | None = None) -> tuple[float, float]:
    """How many lie below the cut, of how many: of as many as the weights leave effective, where that is not given."""
    total = sum(weight for _, weight in weighed)
    if not total:
        return 0.0, 0.0
    effective = total**2 / sum(weight**2 for _, weight in weighed) if of is None else of
    return effective * sum(weight for score, weight in weighed if score < cut) / total, effective


def _too_few(has: float, of: int, alpha: float, lost: float) -> str:
    if alpha <= 0:
        return "it may miss nothing"
    if has >= of and lost:
        return f"{int(has)} signals are known, and audits say too little of what was dismissed before"
    return f"{int(has + 1e-9)} of the {of} known signals that it takes to promise {1 - alpha:.0%}"
