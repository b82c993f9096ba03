"""The tier `learned`: free. A classifier of the specialist's own, taught by labels, with a cut that keeps a promise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import msgspec
from pydantic import BaseModel, ConfigDict

from platos.core.item import StoredItem
from platos.core.lesson import Usual
from platos.core.verdict import Decision, Verdict
from platos.ports.part import Environment, tier
from platos.ports.tier import Bench
from platos.triage._promise import is_new, seen, standing

if TYPE_CHECKING:
    from platos.triage._mind import Mind

__all__ = ["Learned"]

_MIND, _WATCH = "mind", "watch"
"""What is remembered: what it has learnt, which is large and seldom changes, and the watch, which goes on."""

_USUAL = 2_000
_NEAR, _FAR = 0.5, 0.99
_UNMEASURED = 0.0
"""The confidence of verdicts that no cut stands behind: by it one tells later what a cut has let through."""


@tier("learned", version="1", promises=True)
class Learned:
    """Dismisses what lies below the cut, and passes everything up while no cut can be promised.

    The cut misses at most the share of signals that the ladder allows this tier. It is unmeasured below the number of
    known signals that such a promise needs, where text does not tell signals from noise, and once what comes in is no
    longer like what the cut was made on.
    """

    class Options(BaseModel):
        """Whose word it learns from: people's alone, or also what later tiers said of items that it passed up. The
        promise stands on people's in any case."""

        model_config = ConfigDict(extra="forbid")

        teacher: Literal["people", "ladder"] = "people"

    def __init__(self, options: Options, environment: Environment) -> None:
        self._ladder = options.teacher == "ladder"
        self._offload = environment.offload

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        """One verdict for each item, in order. It asks no model."""
        from platos.triage._mind import scores

        if not items:
            return []
        mind = await self._mind(bench)
        if mind.cut.expected is None:
            return [_unmeasured(mind.why)] * len(items)
        found = await self._offload(scores, mind, items)
        after = await self._offload(seen, mind, items, found)
        _watch(bench, after)
        if after.cut.expected is None:
            _keep(bench, after)
            return [_unmeasured(after.why)] * len(items)
        return [_verdict(score, after) for score in found]

    async def choose(self, items: Sequence[StoredItem], bench: Bench, count: int) -> list[int]:
        """The items of which it is least sure, no two of them much alike."""
        from platos.triage._mind import most_taught_by

        mind = await self._mind(bench)
        return await self._offload(most_taught_by, mind, items, await bench.lessons(), count)

    async def _mind(self, bench: Bench) -> Mind:
        """What it knows; what it has just learnt is kept."""
        from platos.triage._mind import Mind, learn, recalled

        kept, watch, taught = await bench.recall(_MIND), await bench.recall(_WATCH), await bench.taught()
        mind = recalled(kept, watch) if kept and watch else Mind.empty(bench.may_miss)
        if kept and not is_new(mind, bench.may_miss, taught):
            return mind
        lessons, usual = await bench.lessons(), await bench.usual(_USUAL)
        learnt = await self._offload(learn, mind, lessons, self._taught_by(usual), bench.may_miss, taught)
        _keep(bench, learnt)
        return learnt

    def _taught_by(self, usual: list[Usual]) -> list[Usual]:
        return usual if self._ladder else [Usual(item=each.item) for each in usual]


def _keep(bench: Bench, mind: Mind) -> None:
    bench.remember(_MIND, msgspec.msgpack.encode(mind))
    _watch(bench, mind)
    bench.stand(standing(mind))


def _watch(bench: Bench, mind: Mind) -> None:
    bench.remember(_WATCH, msgspec.msgpack.encode((mind.watch, mind.watched)))


def _unmeasured(why: str) -> Verdict:
    return Verdict(decision=Decision.UP, reason=f"unmeasured: {why}", confidence=_UNMEASURED)


def _verdict(score: float, mind: Mind) -> Verdict:
    expected = mind.cut.expected
    assert expected is not None
    said = f"score {score:.2f}, the cut is {expected.cut:.2f}"
    if score >= expected.cut:
        return Verdict(decision=Decision.UP, reason=said, confidence=_NEAR)
    return Verdict(decision=Decision.DISMISS, reason=said, confidence=_NEAR if score >= expected.near else _FAR)
