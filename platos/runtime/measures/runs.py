"""Measures of runs: how they ended, which were planned again, and how often and for how long people are asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from platos.core.event import AnyEvent, GateDecided, GateOpened, PlanMade, RunMoved, RunOpened
from platos.core.instant import SECOND, Instant
from platos.core.state import FINAL, Outcome, State
from platos.runtime.measures.quantile import quantile

__all__ = ["ENDINGS", "OPEN", "Review", "decisions", "endings", "replanned", "review"]

OPEN = tuple(str(state) for state in State if state not in FINAL)
ENDINGS = (*(str(outcome) for outcome in Outcome), str(State.FAILED), str(State.CANCELLED))

_PERSON = "person:"


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """Of the runs that were opened, how many waited for a person; and how long people took over what they decided."""

    runs: int
    reviewed: int
    share: float | None
    decisions: int
    median_seconds: float | None


def endings(events: Iterable[AnyEvent]) -> dict[str, int]:
    """How many runs ended how: by outcome, and those that came to none as failed or cancelled."""
    found = Counter(_ending(event) for event in events if isinstance(event, RunMoved) and event.new in FINAL)
    return {ending: found[ending] for ending in ENDINGS}


def replanned(events: Iterable[AnyEvent]) -> int:
    """How many runs were planned again: what the plan before had not finished was undone with it."""
    return len({event.run for event in events if isinstance(event, PlanMade) and event.revision > 1})


def decisions(events: Iterable[AnyEvent]) -> dict[int, Instant]:
    """When people answered gates, by gate."""
    answers = (event for event in events if isinstance(event, GateDecided) and event.by.startswith(_PERSON))
    return {answer.gate: answer.at for answer in answers}


def review(events: Iterable[AnyEvent], opened_gates: Mapping[int, Instant]) -> Review:
    """`opened_gates` tells when the gates were opened that people answered."""
    opened: set[int] = set()
    asked: set[int] = set()
    for event in events:
        if isinstance(event, RunOpened):
            opened.add(event.run)
        elif isinstance(event, GateOpened) or (isinstance(event, RunMoved) and event.new is State.NEEDS_REVIEW):
            asked.add(event.run)
    waits = [max(0, at - opened_gates[gate]) for gate, at in decisions(events).items() if gate in opened_gates]
    median = quantile(waits, 0.5)
    return Review(
        runs=len(opened),
        reviewed=len(opened & asked),
        share=len(opened & asked) / len(opened) if opened else None,
        decisions=len(waits),
        median_seconds=None if median is None else median / SECOND,
    )


def _ending(event: RunMoved) -> str:
    """A run that was cancelled or failed has ended so, whatever it had come to."""
    return str(event.outcome) if event.new is State.SUCCESS and event.outcome else str(event.new)
