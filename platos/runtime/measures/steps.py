"""Measures of steps: how long they take by kind, and whether trying again helps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

import msgspec

from platos.core.event import AnyEvent, StepMoved
from platos.core.failure import ANSWERS, Answer, FailureRecord
from platos.core.instant import SECOND, Span
from platos.core.state import State
from platos.core.step import StepKey, StepKind
from platos.errors import TimedOut
from platos.runtime.measures.quantile import quantile

__all__ = ["PASSES_ON", "Spread", "Tried", "retries", "spreads", "timeouts"]

PASSES_ON = frozenset({StepKind.NODE, StepKind.ASK})
"""Kinds of step that only pass on what a step inside them failed of."""


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How long the finished steps of a kind took, each in the attempt that succeeded."""

    count: int
    p50_seconds: float
    p95_seconds: float


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts that failed in one way, the steps that they were of, and how many of these succeeded in the end."""

    attempts: int = 0
    steps: int = 0
    succeeded: int = 0


def spreads(events: Iterable[AnyEvent]) -> dict[str, Spread]:
    """By kind of step; a kind that no step was of is not there."""
    took: dict[str, list[Span]] = {}
    for event in events:
        if isinstance(event, StepMoved) and event.state is State.SUCCESS and event.started:
            took.setdefault(event.kind, []).append(max(0, event.at - event.started))
    return {kind: _spread(took[kind]) for kind in StepKind if kind in took}


def retries(events: Iterable[AnyEvent]) -> Tried:
    """Attempts that failed and were to be followed by another, because their class says: again."""
    return _tried(events, _is_retried)


def timeouts(events: Iterable[AnyEvent]) -> Tried:
    """Attempts that had no answer in time."""
    return _tried(events, _timed_out)


def _is_retried(step: StepMoved, failure: FailureRecord) -> bool:
    return step.state is State.PENDING and ANSWERS.get(failure.kind) is Answer.AGAIN


def _timed_out(step: StepMoved, failure: FailureRecord) -> bool:
    return failure.kind == TimedOut.kind


def _tried(events: Iterable[AnyEvent], counts: Callable[[StepMoved, FailureRecord], bool]) -> Tried:
    failed: Counter[StepKey] = Counter()
    succeeded: set[StepKey] = set()
    for event in events:
        if not isinstance(event, StepMoved) or event.kind in PASSES_ON:
            continue
        if event.state is State.SUCCESS:
            succeeded.add(event.key)
        elif event.failure is not None and counts(event, event.failure):
            failed[event.key] += 1
    return Tried(attempts=failed.total(), steps=len(failed), succeeded=len(succeeded & failed.keys()))


def _spread(took: list[Span]) -> Spread:
    p50, p95 = (quantile(took, share) or 0 for share in (0.5, 0.95))
    return Spread(count=len(took), p50_seconds=p50 / SECOND, p95_seconds=p95 / SECOND)
