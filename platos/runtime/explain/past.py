"""The past around the slots, folded from the journal: what was in force, when, and what else went on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from platos.core.event import (
    AnyEvent,
    ClockJumped,
    DefinitionBroken,
    DefinitionGone,
    DefinitionLoaded,
    HistoryDropped,
    ItemsArrived,
    Paused,
    ProcessStarted,
    Resumed,
)
from platos.core.instant import Instant
from platos.core.jump import JumpKind

__all__ = ["Span", "Past", "fold_past"]


class Span(NamedTuple):
    """What held from after `begin` on, up to `end`: None where it still does. `definition` was in force, or last in
    force."""

    begin: Instant
    end: Instant | None
    event: AnyEvent
    definition: str

    def covers(self, moment: Instant) -> bool:
        return self.begin < moment and (self.end is None or moment <= self.end)


@dataclass
class Past:
    """All that bears on a specialist's slots.

    `spans` are those that have ended and `running` those that have not, by what held: `defined`, `gone`, `broken`,
    `paused`, or `all paused`. What is earlier than `kept` may have been dropped.
    """

    spans: dict[str, list[Span]] = field(default_factory=dict)
    running: dict[str, Span] = field(default_factory=dict)
    jumps: list[ClockJumped] = field(default_factory=list)
    starts: list[Instant] = field(default_factory=list)
    arrivals: dict[Instant, list[int]] = field(default_factory=dict)
    definition: str = ""
    kept: Instant = 0

    def of(self, what: str) -> list[Span]:
        """The spans of a kind, as they came."""
        return [*self.spans.get(what, []), *([self.running[what]] if what in self.running else [])]

    def at(self, what: str, moment: Instant) -> Span | None:
        """The span of a kind that covers a moment: the last one, where a clock showed the moment twice."""
        return next((span for span in reversed(self.of(what)) if span.covers(moment)), None)

    def take(self, event: AnyEvent) -> None:
        """The next event of the journal."""
        match event:
            case DefinitionLoaded() | DefinitionBroken() | DefinitionGone():
                self._take_definition(event)
            case Paused():
                self._begin("paused" if event.specialist else "all paused", event.at, event)
            case Resumed():
                self._end("paused" if event.specialist else "all paused", event.at)
            case ClockJumped():
                self._take_jump(event)
            case HistoryDropped():
                self.kept = max(self.kept, event.before)
            case ProcessStarted():
                self.starts.append(event.at)
            case ItemsArrived():
                self.arrivals.setdefault(event.slot, []).extend(number for number, _ in event.items)

    def _take_definition(self, event: DefinitionLoaded | DefinitionBroken | DefinitionGone) -> None:
        if isinstance(event, DefinitionBroken):
            self._begin("broken", event.at, event)
            return
        self._end("broken", event.at)
        if isinstance(event, DefinitionLoaded):
            self.definition = event.definition
            self._end("gone", event.since)
            self._begin("defined", event.since, event)
        else:
            self._end("defined", event.since)
            self._begin("gone", event.since, event)

    def _take_jump(self, event: ClockJumped) -> None:
        """What holds while the clock is set back holds from the time on that it shows then."""
        self.jumps.append(event)
        if event.what is JumpKind.SET_BACK:
            for what, span in list(self.running.items()):
                self._end(what, max(event.before, span.begin))
                self.running[what] = span._replace(begin=event.after)

    def _begin(self, what: str, begin: Instant, event: AnyEvent) -> None:
        self._end(what, begin)
        self.running[what] = Span(begin, None, event, self.definition)

    def _end(self, what: str, end: Instant) -> None:
        span = self.running.pop(what, None)
        if span is not None and span.begin < end:
            self.spans.setdefault(what, []).append(span._replace(end=end))


def fold_past(events: Iterable[AnyEvent]) -> Past:
    """The past that events tell, in the order of the journal."""
    past = Past()
    for event in events:
        past.take(event)
    return past
