"""What a tier has promised, between two batches: its cut, and the watch that it keeps over what comes in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from platos.core.conformal import needed
from platos.core.drift import News, Watch, alarm, observe
from platos.core.item import StoredItem
from platos.core.lesson import Lesson, Standing
from platos.core.verdict import Decision
from platos.triage._cut import Cut

__all__ = ["Promise", "alarmed", "is_new", "no_cut", "seen", "standing", "was_dismissed", "watched"]

_FEWEST = 5
_PART = 0.1
"""A tier learns anew once so many labels, and such a part of those it knows, are new."""


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """`taught` and `labels` are the bench's count and the lessons when the tier last learnt, `may_miss` the share of
    signals that it may dismiss, `known` the items it has learnt from. Once something had `changed`, only lessons on
    items after `since` tell where to cut. Items up to the number `watched` are in the watch."""

    may_miss: float
    cut: Cut
    taught: int = 0
    labels: int = 0
    watch: Watch = Watch()
    watched: int = 0
    known: tuple[int, ...] = ()
    changed: str = ""
    since: int = 0

    @property
    def why(self) -> str:
        """Why nothing is promised; empty where something is."""
        return f"{self.changed}; {self.cut.why}" if self.changed and self.cut.why else self.cut.why


P = TypeVar("P", bound=Promise)


def no_cut(may_miss: float, why: str) -> Cut:
    """The cut of a tier that promises nothing."""
    return Cut(promised=1 - may_miss, support=0, needed=needed(may_miss), why=why)


def is_new(promise: Promise, may_miss: float, taught: int) -> bool:
    """Is there so much new that the tier learns anew?"""
    return promise.may_miss != may_miss or taught - promise.taught >= max(_FEWEST, _PART * promise.labels)


def seen(promise: P, items: Sequence[StoredItem], found: Sequence[float]) -> P:
    """The promise after items with these scores. One that waited, and is judged again, was seen before."""
    assert promise.cut.expected is not None
    new = [score for stored, score in zip(items, found, strict=True) if stored.number > promise.watched]
    if not new:
        return promise
    last = max(stored.number for stored in items)
    watch = observe(promise.watch, promise.cut.expected, News(scores=new))
    return alarmed(msgspec.structs.replace(promise, watch=watch, watched=last), last)


def watched(
    promise: P,
    lessons: Sequence[Lesson],
    is_measured: Callable[[Lesson], bool],
    scores: Callable[[list[Lesson]], Sequence[float]],
) -> P:
    """The promise after the lessons that are new, of those judged by a cut: signals that it let through, and what
    audits say of the rest."""
    known = set(promise.known)
    new = [lesson for lesson in lessons if lesson.item.number not in known and is_measured(lesson)]
    if promise.cut.expected is None or not new:
        return promise
    passed = [lesson for lesson in new if lesson.signal and not was_dismissed(lesson)]
    audits = [(lesson.signal, lesson.chance) for lesson in new if was_dismissed(lesson) and lesson.chance]
    news = News(signals=scores(passed) if passed else [], audits=audits)
    return msgspec.structs.replace(promise, watch=observe(promise.watch, promise.cut.expected, news))


def alarmed(promise: P, last: int) -> P:
    """Where the watch cries, the cut is void, and what came before tells no more where to cut."""
    changed = alarm(promise.watch)
    if changed is None:
        return promise
    cut = no_cut(promise.may_miss, "it takes new labels")
    return msgspec.structs.replace(promise, changed=changed, since=last, watch=Watch(), cut=cut)


def was_dismissed(lesson: Lesson) -> bool:
    """Did the tier dismiss it?"""
    return lesson.said is not None and lesson.said.decision is Decision.DISMISS


def standing(promise: Promise) -> Standing:
    """Where the tier stands, for people."""
    cut = promise.cut
    return Standing(
        measured=cut.expected is not None,
        why=promise.why,
        promised=cut.promised,
        support=cut.support,
        needed=cut.needed,
        labels=promise.labels,
        dismisses=cut.dismisses,
    )
