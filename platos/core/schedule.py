"""Schedules: when a specialist wakes. Cron expressions in an IANA zone.

A local time that does not exist fires at the first instant that does; one that exists twice fires once, the first
time. cronsim keeps both rules.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim, CronSimError

from platos.core.instant import DAY, MINUTE, SECOND, Instant, Span, from_datetime, to_datetime
from platos.errors import ConfigurationError

__all__ = ["CatchUp", "Due", "Missed", "Schedule"]

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

    A missed slot older than `grace` is skipped; of the others `catch_up` runs the latest, all, or none.
    """

    cron: str
    zone: str = "UTC"
    catch_up: CatchUp = CatchUp.LATEST
    grace: Span = DAY

    def check(self) -> None:
        """Raises ConfigurationError where the zone is unknown or the expression can never fire."""
        try:
            ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            raise ConfigurationError(
                f"there is no time zone {self.zone!r}",
                where="zone",
                expected="an IANA name, as in Europe/Berlin or UTC",
            ) from None
        try:
            self.next_after(0)
        except (CronSimError, StopIteration):
            raise ConfigurationError(
                f"{self.cron!r} is not a schedule that ever fires",
                where="schedule",
                expected='five cron fields (minute hour day month weekday), as in "*/15 * * * *" or "0 8 * * 1-5"',
            ) from None

    def next_after(self, instant: Instant) -> Instant:
        """The first slot later than `instant`."""
        return from_datetime(next(self._iterator(instant)))

    def slots(self, after: Instant, count: int) -> list[Instant]:
        """The next `count` slots later than `after`."""
        fires = self._iterator(after)
        return [from_datetime(next(fires)) for _ in range(count)]

    def due(self, due: Instant, now: Instant) -> Due:
        """What to do at `now` about a specialist whose next slot was `due` (`due <= now`).

        `latest` runs the last slot within grace and coalesces the others, `all` runs them one by one, `none` runs a
        slot only while it is less than a minute old.
        """
        window = min(self.grace, MINUTE) if self.catch_up is CatchUp.NONE else self.grace
        passed, upcoming = self._passed(due, now)
        timely = [slot for slot in passed if now - slot <= window]
        too_late = passed[: len(passed) - len(timely)]
        missed = _missed(too_late, "skipped")
        if not timely:
            return Due(slot=None, next=upcoming, missed=missed)
        if self.catch_up is CatchUp.ALL:
            return Due(slot=timely[0], next=timely[1] if len(timely) > 1 else upcoming, missed=missed)
        return Due(slot=timely[-1], next=upcoming, missed=missed + _missed(timely[:-1], "coalesced"))

    def _passed(self, due: Instant, now: Instant) -> tuple[list[Instant], Instant]:
        """The slots from `due` to `now`, and the first after `now`."""
        passed, fires = [due], self._iterator(due)
        while (slot := from_datetime(next(fires))) <= now:
            passed.append(slot)
            if len(passed) == _COUNTED:
                latest = from_datetime(next(self._iterator(now + SECOND, reverse=True)))
                return [*passed, latest], self.next_after(now)
        return passed, slot

    def words(self) -> str:
        """The schedule as a sentence: `At minutes 0, 15, 30 and 45 (Europe/Berlin)`."""
        return f"{CronSim(self.cron, datetime(2026, 1, 1)).explain()} ({self.zone})"

    def _iterator(self, instant: Instant, *, reverse: bool = False) -> CronSim:
        return CronSim(self.cron, to_datetime(instant).astimezone(ZoneInfo(self.zone)), reverse=reverse)


def _missed(slots: list[Instant], why: str) -> tuple[Missed, ...]:
    return (Missed(first=slots[0], last=slots[-1], count=len(slots), why=why),) if slots else ()
