"""What went on around one slot, in sentences: why it came to what it came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from platos.core.event import ClockJumped, Paused
from platos.core.instant import Instant, local
from platos.core.jump import JumpKind
from platos.runtime.explain.past import Past
from platos.store.occurrences import OccurrenceRow

__all__ = ["around"]

_JUMPS = {
    JumpKind.SUSPENDED: "the machine was suspended",
    JumpKind.SET_FORWARD: "the clock was set forward",
    JumpKind.SET_BACK: "the clock was set back",
    JumpKind.UNCLEAR: "the machine was suspended, or its clock set forward,",
}


def around(
    past: Past, slot: Instant, row: OccurrenceRow | None, before: Iterable[OccurrenceRow], zone: str
) -> Iterator[str]:
    """What bore on a slot. `row` is its row, and `before` those of the wake-ups before it; times are told in `zone`."""
    yield from _pauses(past, slot, zone)
    if broken := past.at("broken", slot):
        yield f"its file could not be used since {local(broken.event.at, zone)}; the definition before it was in force"
    for jump in past.jumps:
        if min(jump.before, jump.after) < slot <= max(jump.before, jump.after):
            yield _jump(jump, zone)
    if row is not None and row.started > slot:
        yield from _nobody(past, slot, row, zone)
        for each in before:
            if each.started <= slot < each.ended:
                yield f"the wake-up of {local(each.slot, zone)} was still under way"


def _pauses(past: Past, slot: Instant, zone: str) -> Iterator[str]:
    for what in ("paused", "all paused"):
        span = past.at(what, slot)
        if span is not None and isinstance(span.event, Paused):
            who = "all specialists were" if what == "all paused" else "it was"
            until = f" until {local(span.end, zone)}" if span.end is not None else ""
            why = f": {span.event.why}" if span.event.why else ""
            yield f"{who} paused by {span.event.by} from {local(span.event.at, zone)} on{until}{why}"


def _jump(jump: ClockJumped, zone: str) -> str:
    return f"{_JUMPS[jump.what]} from {local(jump.before, zone)} to {local(jump.after, zone)}"


def _nobody(past: Past, slot: Instant, row: OccurrenceRow, zone: str) -> Iterator[str]:
    """The process that decided began only after the slot."""
    began = [start for start in past.starts if start <= row.ended]
    if began and began[-1] > slot:
        yield f"no process ran: the one that decided was started at {local(began[-1], zone)}"
