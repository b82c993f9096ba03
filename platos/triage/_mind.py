"""What the tier `learned` knows: its classifier, its cut, and the watch that it keeps over what comes in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np

from platos.core.conformal import needed
from platos.core.drift import News, Watch, alarm, observe
from platos.core.item import StoredItem
from platos.core.lesson import Lesson, Origin, Usual
from platos.core.verdict import Decision
from platos.triage._classifier import Classifier, train_rows
from platos.triage._cut import Cut, Scored, calibrate
from platos.triage._features import rows_of
from platos.triage._learning import out_of_fold, pick

__all__ = ["Mind", "learn", "most_taught_by", "recalled", "scores", "seen"]

_FEWEST_SIGNALS = 2


class Mind(msgspec.Struct, frozen=True, kw_only=True):
    """Between two batches. `taught` and `labels` are the bench's count and the lessons when it last learnt, `may_miss`
    the share of signals that it may dismiss, `known` the items it has learnt from. Once something had `changed`, only
    lessons on items after `since` tell where to cut. Items up to the number `watched` are in the watch."""

    may_miss: float
    cut: Cut
    taught: int = 0
    labels: int = 0
    classifier: bytes = b""
    watch: Watch = Watch()
    watched: int = 0
    known: tuple[int, ...] = ()
    changed: str = ""
    since: int = 0

    @classmethod
    def empty(cls, may_miss: float) -> Mind:
        """Before the first lesson."""
        return cls(may_miss=may_miss, cut=_no_cut(may_miss, "nothing was labelled yet"))

    @property
    def why(self) -> str:
        """Why nothing is promised; empty where something is."""
        return f"{self.changed}; {self.cut.why}" if self.changed and self.cut.why else self.cut.why


def recalled(kept: bytes, watch: bytes) -> Mind:
    """The mind as it was kept, with the watch as it went on since."""
    mind = msgspec.msgpack.decode(kept, type=Mind)
    went_on, watched = msgspec.msgpack.decode(watch, type=tuple[Watch, int])
    return msgspec.structs.replace(mind, watch=went_on, watched=watched)


def scores(mind: Mind, items: Sequence[StoredItem]) -> list[float]:
    """The score of each item. Blocking."""
    found: list[float] = Classifier.decode(mind.classifier).scores([each.item for each in items]).tolist()
    return found


def seen(mind: Mind, items: Sequence[StoredItem], found: Sequence[float]) -> Mind:
    """The mind after items with these scores. One that waited, and is judged again, was seen before. Blocking."""
    assert mind.cut.expected is not None
    new = [score for stored, score in zip(items, found, strict=True) if stored.number > mind.watched]
    if not new:
        return mind
    last = max(stored.number for stored in items)
    watch = observe(mind.watch, mind.cut.expected, News(scores=new))
    return _alarmed(msgspec.structs.replace(mind, watch=watch, watched=last), last)


def learn(mind: Mind, lessons: Sequence[Lesson], usual: Sequence[Usual], may_miss: float, taught: int) -> Mind:
    """The mind after these lessons. What later tiers said of usual items teaches too; it promises nothing. Blocking."""
    last = max((lesson.item.number for lesson in lessons), default=0)
    mind = _alarmed(_watched(mind, lessons), last)
    labels = {"taught": taught, "labels": len(lessons), "may_miss": may_miss}
    known = tuple(lesson.item.number for lesson in lessons)
    if sum(lesson.signal for lesson in lessons) < _FEWEST_SIGNALS:
        cut = _no_cut(may_miss, "hardly any signal is known" if lessons else "nothing was labelled yet")
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


def _watched(mind: Mind, lessons: Sequence[Lesson]) -> Mind:
    """The watch, after the lessons that are new: signals that the cut let through, and what audits say of the rest."""
    known = set(mind.known)
    new = [lesson for lesson in lessons if lesson.item.number not in known and _measured(lesson)]
    if mind.cut.expected is None or not new:
        return mind
    passed = [lesson for lesson in new if lesson.signal and not _dismissed(lesson)]
    found = scores(mind, [lesson.item for lesson in passed]) if passed else []
    audits = [(lesson.signal, lesson.chance) for lesson in new if _dismissed(lesson) and lesson.chance]
    watch = observe(mind.watch, mind.cut.expected, News(signals=found, audits=audits))
    return msgspec.structs.replace(mind, watch=watch)


def _alarmed(mind: Mind, last: int) -> Mind:
    """Where the watch cries, the cut is void, and what came before tells no more where to cut."""
    changed = alarm(mind.watch)
    if changed is None:
        return mind
    cut = _no_cut(mind.may_miss, "it takes new labels")
    return msgspec.structs.replace(mind, changed=changed, since=last, watch=Watch(), cut=cut)


def _no_cut(may_miss: float, why: str) -> Cut:
    return Cut(promised=1 - may_miss, support=0, needed=needed(may_miss), why=why)


def _measured(lesson: Lesson) -> bool:
    """Did the tier judge the item by a cut? What it let through unmeasured has no confidence."""
    return lesson.said is not None and lesson.said.confidence > 0


def _dismissed(lesson: Lesson) -> bool:
    return lesson.said is not None and lesson.said.decision is Decision.DISMISS


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
        passed=not _dismissed(lesson) if _measured(lesson) else None,
    )
