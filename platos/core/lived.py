"""What a clock that was set back comes to again: slots that have run already, and slots that were given up.

An occurrence runs at most once, whatever the clock says. A slot that did not run, because it was coalesced or skipped
while the clock was ahead or because nobody knew the specialist yet, is open again when its time really comes; one that
ran is passed over. A time of the schedule before an edit is not for that a slot of the schedule after it that ran.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from platos.core.instant import Instant
from platos.core.schedule import Due, Schedule

__all__ = ["Gap", "Lived", "Reign"]


class Gap(NamedTuple):
    """A time whose slots did not run, both ends included."""

    first: Instant
    last: Instant


class Reign(NamedTuple):
    """What a definition has lived through: the slots of its schedule later than `after` and up to `last` have run, but
    for the `missed` ones."""

    schedule: Schedule
    after: Instant
    last: Instant
    missed: tuple[Gap, ...] = ()

    def has_run(self, slot: Instant) -> bool:
        """Has this slot run, or found nothing?"""
        return self.after < slot <= self.last and self.schedule.has(slot) and self._missing(slot) is None

    def next_run(self, after: Instant) -> Instant | None:
        """The first slot later than `after` that has run."""
        slot = self.schedule.next_after(max(after, self.after))
        while slot <= self.last and (missing := self._missing(slot)) is not None:
            slot = self.schedule.next_after(missing.last)
        return slot if slot <= self.last else None

    def end_of_ran(self, slot: Instant) -> Instant:
        """From a slot that has run: the last moment before the next gap, or before what never ran."""
        return min((each.first - 1 for each in self.missed if each.first > slot), default=self.last)

    def _missing(self, slot: Instant) -> Gap | None:
        return next((each for each in self.missed if each.first <= slot <= each.last), None)


class Lived(NamedTuple):
    """Which slots of a specialist have run: those of its definitions, each in its own reign, and those that `ran`
    although another time was theirs: they came again, or their definition did not know them yet."""

    reigns: tuple[Reign, ...]
    ran: frozenset[Instant]

    def has_run(self, slot: Instant) -> bool:
        """Has this slot run, or found nothing?"""
        return slot in self.ran or any(reign.has_run(slot) for reign in self.reigns)

    def next_open(self, schedule: Schedule, after: Instant) -> Instant:
        """The first slot later than `after` that has not run."""
        slot = schedule.next_after(after)
        while self.has_run(slot):
            own = [each for each in self.reigns if each.schedule == schedule and each.has_run(slot)]
            slot = schedule.next_after(max((each.end_of_ran(slot) for each in own), default=slot))
        return slot

    def next_run(self, schedule: Schedule, after: Instant) -> Instant | None:
        """The first slot of `schedule` later than `after` that has run."""
        found = [slot for slot in self.ran if slot > after and schedule.has(slot)]
        found += [slot for reign in self.reigns if (slot := _next_common(reign, schedule, after)) is not None]
        return min(found, default=None)

    def due(self, schedule: Schedule, due: Instant, now: Instant) -> Due:
        """What `Schedule.due` says, with slots that have run left out: catching up ends before the first of them."""
        if self.has_run(due):
            return Due(slot=None, next=self.next_open(schedule, due))
        bound = self.next_run(schedule, due)
        found = schedule.due(due, now if bound is None else min(now, bound - 1))
        return msgspec.structs.replace(found, next=self.next_open(schedule, found.next - 1))


def _next_common(reign: Reign, schedule: Schedule, after: Instant) -> Instant | None:
    """The first slot later than `after` that has run in the reign and is one of `schedule` too."""
    slot = reign.next_run(after)
    while slot is not None and not schedule.has(slot):
        slot = reign.next_run(schedule.next_after(slot) - 1)
    return slot
