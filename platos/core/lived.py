"""What a clock that was set back comes to again: slots that have run already, and slots that were given up.

An occurrence runs at most once, whatever the clock says. A slot that did not run, because it was coalesced or skipped
while the clock was ahead or because nobody knew the specialist yet, is open again when its time really comes; one that
ran is passed over.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from platos.core.instant import Instant
from platos.core.schedule import Due, Schedule

__all__ = ["Lived", "Stretch"]


class Stretch(NamedTuple):
    """A stretch of time, both ends included."""

    first: Instant
    last: Instant


class Lived(NamedTuple):
    """Which slots of a specialist have run: those after `known` and up to `last`, but for the `missed` ones.

    `ran` are slots that did run although they lie in a missed stretch: they came again.
    """

    known: Instant
    last: Instant
    missed: tuple[Stretch, ...]
    ran: frozenset[Instant]

    def has_run(self, slot: Instant) -> bool:
        """Has this slot run, or found nothing?"""
        if slot in self.ran:
            return True
        return self.known < slot <= self.last and self._missing(slot) is None

    def next_open(self, schedule: Schedule, after: Instant) -> Instant:
        """The first slot later than `after` that has not run."""
        slot = schedule.next_after(after)
        while self.has_run(slot):
            slot = schedule.next_after(slot if slot in self.ran else self._end_of_ran(slot) - 1)
        return slot

    def next_run(self, schedule: Schedule, after: Instant) -> Instant | None:
        """The first slot later than `after` that has run."""
        found = [slot for slot in self.ran if slot > after]
        slot = schedule.next_after(max(after, self.known))
        while slot <= self.last and (missing := self._missing(slot)) is not None:
            slot = schedule.next_after(missing.last)
        return min([*found, *([slot] if slot <= self.last else [])], default=None)

    def due(self, schedule: Schedule, due: Instant, now: Instant) -> Due:
        """What `Schedule.due` says, with slots that have run left out: catching up ends before the first of them."""
        if self.has_run(due):
            return Due(slot=None, next=self.next_open(schedule, due))
        bound = self.next_run(schedule, due)
        found = schedule.due(due, now if bound is None else min(now, bound - 1))
        return msgspec.structs.replace(found, next=self.next_open(schedule, found.next - 1))

    def _missing(self, slot: Instant) -> Stretch | None:
        return next((each for each in self.missed if each.first <= slot <= each.last), None)

    def _end_of_ran(self, slot: Instant) -> Instant:
        """Where the next missed stretch begins, or what never ran."""
        return min((each.first for each in self.missed if each.first > slot), default=self.last + 1)
