"""What the word of the tier `model` is worth: a cut on what it said of labelled items, and the watch over it.

The score of an item is the model's word on one scale: 1 where it was sure of a signal, 0 where it was sure of none, and
a half where it guessed. A cut below which a promised share of signals does not lie is made of the scores that labelled
items got when they were judged (`_cut.py`); nothing is asked again for it.

Until a cut can be promised, the model's word may dismiss by itself, if its owner chose so. What it dismissed then,
nothing bounded: it is known only as far as audits looked, and until they did, no cut is promised.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from platos.core.item import StoredItem
from platos.core.lesson import Lesson
from platos.core.verdict import Decision, Verdict
from platos.triage._cut import Scored, calibrate
from platos.triage._promise import Promise, alarmed, no_cut, seen, was_dismissed, watched

__all__ = ["Word", "after", "learn", "score_of"]

_FEWEST_SIGNALS = 2


class Word(Promise, frozen=True, kw_only=True):
    """What it has promised. `asked` is the digest of what the scores come from: the scope, the models, the tier itself.

    Items up to the number `judged` were judged. Of those that came after `since`, it dismissed by its own word up to
    the number `worded`, and by a cut after the number `cut_after`, None where none was in force.
    """

    asked: str
    judged: int = 0
    worded: int = 0
    cut_after: int | None = None

    @classmethod
    def empty(cls, asked: str, may_miss: float, before: Word | None) -> Word:
        """Before the first lesson. What was judged before it was asked so says nothing of it."""
        if before is None:
            return cls(asked=asked, may_miss=may_miss, cut=no_cut(may_miss, "nothing was labelled yet"))
        cut = no_cut(may_miss, "its scope, or its models, have changed")
        return cls(asked=asked, may_miss=may_miss, cut=cut, judged=before.judged, since=before.judged)

    @property
    def is_measured(self) -> bool:
        return self.cut.expected is not None

    def dismisses(self, score: float) -> bool:
        """Does a score lie below the cut?"""
        return self.cut.expected is not None and score < self.cut.expected.cut


def score_of(said: Verdict) -> float:
    """The model's word on one scale, from what became of it."""
    return 0.5 + said.confidence / 2 if said.decision is Decision.SIGNAL else 0.5 - said.confidence / 2


def learn(word: Word, lessons: Sequence[Lesson], may_miss: float, taught: int) -> Word:
    """The promise after these lessons, of which those count that it judged since what it is asked has last changed."""
    own = [each for each in lessons if each.item.number > word.since and _scores(each)]
    last = max((each.item.number for each in own), default=word.since)
    word = _given_up(word, alarmed(watched(word, own, lambda each: _by_cut(each, word), _all_scores), last))
    own = [each for each in own if each.item.number > word.since]
    word = msgspec.structs.replace(
        word,
        taught=taught,
        labels=len(own),
        may_miss=may_miss,
        known=tuple(each.item.number for each in own),
        watch=word.watch.with_a_new_cut(),
    )
    if sum(each.signal for each in own) < _FEWEST_SIGNALS:
        why = "hardly any signal is known" if own else "nothing that it judged was labelled yet"
        return msgspec.structs.replace(word, cut=no_cut(may_miss, why))
    cut = calibrate([_scored(each, word) for each in own], may_miss)
    first = word.judged if word.cut_after is None and cut.expected is not None else word.cut_after
    return msgspec.structs.replace(word, cut=cut, cut_after=first)


def after(word: Word, items: Sequence[StoredItem], scores: Sequence[float]) -> Word:
    """The promise after items with these scores."""
    if not items:
        return word
    new = _given_up(word, seen(word, items, scores)) if word.is_measured else word
    return msgspec.structs.replace(new, judged=max(word.judged, *(each.number for each in items)))


def _given_up(before: Word, new: Word) -> Word:
    return new if new.since == before.since else msgspec.structs.replace(new, cut_after=None)


def _scores(lesson: Lesson) -> bool:
    """Was there a word of the model on it? What waits, or is handed in as an example, has none."""
    return lesson.said is not None and lesson.said.decision is not Decision.WAIT


def _all_scores(lessons: Sequence[Lesson]) -> list[float]:
    return [score_of(each.said) for each in lessons if each.said is not None]


def _by_cut(lesson: Lesson, word: Word) -> bool:
    after = word.cut_after
    return after is not None and lesson.item.number > max(after, word.worded)


def _scored(lesson: Lesson, word: Word) -> Scored:
    by_word = lesson.item.number <= word.worded
    assert lesson.said is not None
    return Scored(
        score=score_of(lesson.said),
        signal=lesson.signal,
        chance=lesson.chance,
        source=lesson.item.source,
        order=lesson.item.number,
        passed=not was_dismissed(lesson) if by_word or _by_cut(lesson, word) else None,
        word=by_word,
    )
