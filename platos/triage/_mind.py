"""What the tier `learned` knows: its classifier, its cut, and the watch that it keeps over what comes in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from platos.core.drift import Watch
from platos.core.item import StoredItem
from platos.core.lesson import Lesson, Origin, Usual
from platos.triage._classifier import Classifier, train_rows
from platos.triage._cut import Scored, calibrate
from platos.triage._features import rows_of
from platos.triage._learning import out_of_fold, pick
from platos.triage._promise import Promise, alarmed, no_cut, was_dismissed, watched

__all__ = ["Mind", "learn", "most_taught_by", "recalled", "scores"]

_FEWEST_SIGNALS = 2


class Mind(Promise, frozen=True, kw_only=True):
    """What it has promised, and the classifier that it promised it on, as it is stored."""

    classifier: bytes = b""

    @classmethod
    def empty(cls, may_miss: float) -> Mind:
        """Before the first lesson."""
        return cls(may_miss=may_miss, cut=no_cut(may_miss, "nothing was labelled yet"))


def recalled(kept: bytes, watch: bytes) -> Mind:
    """The mind as it was kept, with the watch as it went on since."""
    mind = msgspec.msgpack.decode(kept, type=Mind)
    went_on, last = msgspec.msgpack.decode(watch, type=tuple[Watch, int])
    return msgspec.structs.replace(mind, watch=went_on, watched=last)


def scores(mind: Mind, items: Sequence[StoredItem]) -> list[float]:
    """The score of each item. Blocking."""
    found: list[float] = Classifier.decode(mind.classifier).scores([each.item for each in items]).tolist()
    return found


def learn(mind: Mind, lessons: Sequence[Lesson], usual: Sequence[Usual], may_miss: float, taught: int) -> Mind:
    """The mind after these lessons. What later tiers said of usual items teaches too; it promises nothing. Blocking."""
    last = max((lesson.item.number for lesson in lessons), default=0)
    mind = alarmed(watched(mind, lessons, _measured, lambda some: scores(mind, [each.item for each in some])), last)
    labels = {"taught": taught, "labels": len(lessons), "may_miss": may_miss}
    known = tuple(lesson.item.number for lesson in lessons)
    if sum(lesson.signal for lesson in lessons) < _FEWEST_SIGNALS:
        cut = no_cut(may_miss, "hardly any signal is known" if lessons else "nothing was labelled yet")
        return msgspec.structs.replace(mind, **labels, known=known, cut=cut)
    own = [(lesson.item, lesson.signal, lesson) for lesson in lessons]
    told = [(each.item, each.signal, None) for each in usual if each.signal is not None]
    taught_by = sorted([*own, *told], key=lambda each: each[0].number)
    rows = rows_of([stored.item for stored, _, _ in taught_by])
    signals = np.array([signal for _, signal, _ in taught_by], bool)
    others = rows_of([each.item.item for each in usual if each.signal is None])
    classifier = train_rows(rows, signals, others)
    apart = out_of_fold(rows, signals, others)
    scored = [
        _scored(lesson, score)
        for (_, _, lesson), score in zip(taught_by, apart.tolist(), strict=True)
        if lesson is not None and _counts(lesson, mind.since)
    ]
    return msgspec.structs.replace(
        mind,
        **labels,
        known=known,
        classifier=classifier.encode(),
        cut=calibrate(scored, may_miss),
        watch=mind.watch.with_a_new_cut(),
    )


def most_taught_by(mind: Mind, items: Sequence[StoredItem], lessons: Sequence[Lesson], count: int) -> list[int]:
    """The places of items from whose labels most is learnt. Blocking."""
    pool = rows_of([each.item for each in items])
    labelled = rows_of([lesson.item.item for lesson in lessons])
    signals = np.array([lesson.signal for lesson in lessons], bool)
    classifier = Classifier.decode(mind.classifier) if mind.classifier else None
    return pick(pool, labelled, signals, classifier, count)


def _measured(lesson: Lesson) -> bool:
    """Did the tier judge the item by a cut? What it let through unmeasured has no confidence."""
    return lesson.said is not None and lesson.said.confidence > 0


def _counts(lesson: Lesson, since: int) -> bool:
    """Can it tell where to cut? What an earlier tier dismissed never reached this one."""
    return (lesson.said is not None or lesson.origin is Origin.EXAMPLE) and lesson.item.number > since


def _scored(lesson: Lesson, score: float) -> Scored:
    return Scored(
        score=score,
        signal=lesson.signal,
        chance=lesson.chance if lesson.said is not None else None,
        source=lesson.item.source,
        order=lesson.item.number,
        passed=not was_dismissed(lesson) if _measured(lesson) else None,
    )
