"""Measures of triage: how much it misses, by audits, and where each tier stands with what it promised."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from platos.core.audit import Stratum
from platos.core.instant import DAY, Instant
from platos.core.lesson import STANDING, Standing
from platos.core.misses import Answers, Missed, Passed, miss_rate
from platos.runtime.measures.told import told_by_name
from platos.store import ReadStore, audits, memories
from platos.store.audits import Drawn

__all__ = ["Misses", "TierMisses", "TriageState", "read_triage"]

_SINCE = 90 * DAY


class Misses(msgspec.Struct, frozen=True, kw_only=True):
    """The share of all true signals that was dismissed, and the interval that holds it in 95 of 100 cases."""

    share: float
    low: float
    high: float


class TierMisses(msgspec.Struct, frozen=True, kw_only=True):
    """One tier: the audits of what it dismissed, what it misses by them, None without an answer, and where it stands
    with what it promised, None where it promises nothing."""

    audits: int
    answered: int
    misses: Misses | None
    standing: Standing | None


class TriageState(msgspec.Struct, frozen=True, kw_only=True):
    """A specialist's ladder over the last 90 days. `misses` is None until an audit of a dismissed item is answered."""

    audits: int
    answered: int
    misses: Misses | None
    tiers: dict[str, TierMisses]


async def read_triage(store: ReadStore, now: Instant) -> dict[str, TriageState]:
    """The state of every specialist's triage of which there is something to say; of those that templates make, of the
    first such."""
    standings = {
        where: msgspec.msgpack.decode(kept, type=Standing)
        for where, kept in (await memories.under(store, STANDING)).items()
    }
    found: dict[str, TriageState] = {}
    for name in await told_by_name(store, {name for name, _ in standings} | await audits.audited(store, now - _SINCE)):
        drawn = await audits.drawn(store, name, now - _SINCE)
        own = {tier: standing for (whose, tier), standing in standings.items() if whose == name}
        found[name] = _state(drawn, await audits.passed(store, name, now - _SINCE), own)
    return found


def _state(drawn: Sequence[Drawn], passed: Passed, standings: dict[str, Standing]) -> TriageState:
    dismissed = [each for each in drawn if each.stratum is not Stratum.PASSED]
    by_tier: dict[str, list[Drawn]] = {}
    for each in dismissed:
        by_tier.setdefault(each.tier, []).append(each)
    answers = {tier: _together([each.answers for each in some]) for tier, some in by_tier.items()}
    audited = sum(each.audits for each in dismissed)
    answered = sum(each.answered for each in answers.values())
    return TriageState(
        audits=audited,
        answered=answered,
        misses=_told(miss_rate(answers.values(), passed)) if answered else None,
        tiers={
            tier: TierMisses(
                audits=sum(each.audits for each in by_tier.get(tier, [])),
                answered=answers[tier].answered if tier in answers else 0,
                misses=_of_tier(tier, answers, passed),
                standing=standings.get(tier),
            )
            for tier in sorted({*by_tier, *standings})
        },
    )


def _of_tier(tier: str, answers: dict[str, Answers], passed: Passed) -> Misses | None:
    if tier not in answers or not answers[tier].answered:
        return None
    return _told(miss_rate(answers.values(), passed, of=answers[tier]))


def _together(some: Sequence[Answers]) -> Answers:
    return Answers(
        items=sum(each.items for each in some),
        answered=sum(each.answered for each in some),
        weight=sum(each.weight for each in some),
        squares=sum(each.squares for each in some),
        signals=sum(each.signals for each in some),
    )


def _told(missed: Missed) -> Misses:
    return Misses(share=missed.share, low=missed.interval.low, high=missed.interval.high)
