"""Schedules: when a specialist wakes. Cron expressions in an IANA zone.

A local time that does not exist fires at the first instant that does; one that exists twice fires once, the first
time. A schedule for every hour (`*/15 * * * *`) names no local time: it goes on evenly while clocks change. A slot is a
time of the expression plus the schedule's offset, which is always the same: `platos.core.jitter` says where it is from.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from itertools import islice, takewhile

import msgspec
from cronsim import CronSim, CronSimError

from platos.core.instant import DAY, HOUR, MINUTE, Instant, Span, from_datetime, span_text, to_datetime, zone_info
from platos.errors import ConfigurationError

__all__ = ["CatchUp", "Due", "Missed", "Schedule", "check_zone"]

_COUNTED = 10_000
"""Missed slots are counted up to this many: past it, "at least"."""


class CatchUp(StrEnum):
    """What becomes of the slots that passed while nobody was awake."""

    LATEST = "latest"
    ALL = "all"
    NONE = "none"


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """Slots that will not run: the first, the last, how many, and why (`coalesced` or `skipped`)."""

    first: Instant
    last: Instant
    count: int
    why: str


class Due(msgspec.Struct, frozen=True, kw_only=True):
    """What a moment asks for: the slot to run, if any, the slots given up, and the next due time."""

    slot: Instant | None
    next: Instant
    missed: tuple[Missed, ...] = ()


class Schedule(msgspec.Struct, frozen=True, kw_only=True):
    """A cron expression, its zone, and what to do about slots that were missed.

    A missed slot older than `grace` is skipped; of the others `catch_up` runs the latest, all, or none. `offset` is how
    much later than the expression's times the slots are.
    """

    cron: str
    zone: str = "UTC"
    catch_up: CatchUp = CatchUp.LATEST
    grace: Span = DAY
    offset: Span = 0

    def check(self) -> None:
        """Raises ConfigurationError where the zone is unknown or the expression can never fire."""
        check_zone(self.zone)
        try:
            fires = len(self.cron.split()) == 5 and bool(self.next_after(0))
        except (CronSimError, StopIteration):
            fires = False
        if not fires:
            raise ConfigurationError(
                f"{self.cron!r} is not a schedule that ever fires",
                where="schedule",
                expected='five cron fields (minute hour day month weekday), as in "*/15 * * * *" or "0 8 * * 1-5"',
            )

    def next_after(self, instant: Instant) -> Instant:
        """The first slot later than `instant`."""
        asked = instant - self.offset
        today = _times_of_day(self.cron, self.zone, asked // DAY)
        place = bisect_right(today, asked)
        return self.offset + (today[place] if place < len(today) else next(_times(self.cron, self.zone, asked)))

    def has(self, instant: Instant) -> bool:
        """Is it a slot?"""
        return self.next_after(instant - 1) == instant

    def slots_after(self, instant: Instant) -> Iterator[Instant]:
        """The slots later than `instant`, each once."""
        return (time + self.offset for time in _times_on(self.cron, self.zone, instant - self.offset))

    def slots(self, after: Instant, count: int) -> list[Instant]:
        """The next `count` slots later than `after`."""
        return list(islice(self.slots_after(after), count))

    def last_before(self, end: Instant) -> Instant:
        """The last slot earlier than `end`, looked for from ever further back."""
        back = HOUR
        while not (slots := list(takewhile(lambda slot: slot < end, self.slots_after(end - back)))):
            back *= 2
        return slots[-1]

    def due(self, due: Instant, now: Instant) -> Due:
        """What to do at `now` about a specialist whose next slot was `due` (`due <= now`).

        `latest` runs the last slot within grace and coalesces the others, `all` runs them one by one, `none` runs a
        slot only while it is less than a minute old.
        """
        window = min(self.grace, MINUTE) if self.catch_up is CatchUp.NONE else self.grace
        if now - due <= window and (upcoming := self.next_after(due)) > now:
            return Due(slot=due, next=upcoming)  # in time and alone, as nearly always
        timely = due if now - due <= window else self.next_after(now - window - 1)
        skipped = self._missed(due, timely, "skipped")
        if timely > now:
            return Due(slot=None, next=timely, missed=skipped)
        if self.catch_up is CatchUp.ALL:
            return Due(slot=timely, next=self.next_after(timely), missed=skipped)
        latest = max(timely, self.last_before(now + 1))
        coalesced = self._missed(timely, latest, "coalesced")
        return Due(slot=latest, next=self.next_after(now), missed=skipped + coalesced)

    def _missed(self, first: Instant, end: Instant, why: str) -> tuple[Missed, ...]:
        """The slots from `first` up to `end`, `end` not included."""
        if first >= end:
            return ()
        count = 1 + sum(1 for _ in islice(takewhile(lambda slot: slot < end, self.slots_after(first)), _COUNTED - 1))
        return (Missed(first=first, last=max(first, self.last_before(end)), count=count, why=why),)

    def words(self) -> str:
        """The schedule as a sentence: `At minutes 0, 15, 30 and 45, 3m12s later (Europe/Berlin)`."""
        later = f", {span_text(self.offset)} later" if self.offset else ""
        return f"{CronSim(self.cron, to_datetime(0)).explain()}{later} ({self.zone})"


def check_zone(name: str) -> None:
    """Raises ConfigurationError where there is no such zone."""
    try:
        zone_info(name)
    except (KeyError, ValueError, OSError):
        raise ConfigurationError(
            f"there is no time zone {name!r}",
            where="zone",
            expected="an IANA name, as in Europe/Berlin or UTC",
        ) from None


def _times(cron: str, zone: str, after: Instant) -> Iterator[Instant]:
    """The times of an expression later than `after`, each once."""
    for moment in CronSim(_spelled_out(cron), to_datetime(after).astimezone(zone_info(zone))):
        time = from_datetime(moment)
        if time > after:  # where clocks are turned back, cronsim begins at the first of two equal local times
            after = time
            yield time


def _times_on(cron: str, zone: str, after: Instant) -> Iterator[Instant]:
    """The same; those of the first day are at hand."""
    today = _times_of_day(cron, zone, after // DAY)
    yield from today[bisect_right(today, after) :]
    yield from _times(cron, zone, max(after, (after // DAY + 1) * DAY - 1))


def _spelled_out(cron: str) -> str:
    """The expression as cronsim must read it to keep both rules: it takes any star for `every hour`."""
    minute, hour, *days = cron.split()
    if hour == "*":
        return cron
    return " ".join([minute.replace("*", "0-59"), hour.replace("*", "0-23"), *days])


@lru_cache(maxsize=64)
def _times_of_day(cron: str, zone: str, day: int) -> tuple[Instant, ...]:
    """The times of a UTC day, counted from 1970: an engine asks for each of them, for specialist after specialist."""
    return tuple(takewhile(lambda time: time < (day + 1) * DAY, _times(cron, zone, day * DAY - 1)))
