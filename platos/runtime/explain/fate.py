"""What became of a slot, or will, and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from platos.core.event import RUNTIME
from platos.core.instant import Instant, local, span_text
from platos.core.lived import Lived
from platos.runtime.explain.around import around
from platos.runtime.explain.past import Past
from platos.store.occurrences import MISSED, RAN, OccurrenceRow
from platos.store.specialists import SpecialistRow

__all__ = ["Answer", "Fate", "Fates"]


class Fate(StrEnum):
    """What became of a slot. A wake-up by hand is no slot; it stands among them with the moment at which it was."""

    RAN = "ran"
    LATE = "late"
    QUIET = "quiet"
    BY_HAND = "by hand"
    COALESCED = "coalesced"
    SKIPPED = "skipped"
    GONE = "gone"
    BEFORE = "not yet known"
    DUE = "due"
    PAUSED = "paused"
    UPCOMING = "upcoming"
    UNKNOWN = "unknown"


class Answer(NamedTuple):
    """A slot, what became of it and why, and what went on around it. `row` is its own, where it has one."""

    slot: Instant
    fate: Fate
    why: str
    around: tuple[str, ...] = ()
    row: OccurrenceRow | None = None


_WORDS = {
    Fate.QUIET: "nothing was new",
    Fate.BEFORE: "nobody knew the specialist yet",
    Fate.DUE: "its time has come, and nobody has taken it yet; catch_up decides when somebody does",
    Fate.PAUSED: "its time has come; catch_up decides at the resume",
    Fate.UNKNOWN: "the store does not tell",
}


@dataclass(frozen=True)
class Fates:
    """What is known of a specialist's slots at a moment. Times are told in `zone`."""

    row: SpecialistRow
    rows: list[OccurrenceRow]
    lived: Lived
    past: Past
    now: Instant
    zone: str

    def of(self, slot: Instant) -> Answer:
        """The one answer for a slot."""
        row = self._row_of(slot)
        if row is not None:
            own = row if row.slot == slot else None
            return Answer(slot, Fate(row.outcome), row.why or _found(row), self._around(slot, row), own)
        fate = self._without_row(slot)
        return Answer(slot, fate, self._why(slot, fate), self._around(slot))

    def by_hand(self, first: Instant, last: Instant) -> list[Answer]:
        """The wake-ups by hand between two moments that found something."""
        rows = [row for row in self.rows if row.outcome == Fate.BY_HAND and first <= row.slot <= last]
        return [Answer(row.slot, Fate.BY_HAND, row.why or _found(row), (), row) for row in rows]

    def _row_of(self, slot: Instant) -> OccurrenceRow | None:
        """The row of a slot that ran, or else the row that gives it up, unless its time is to come once more."""
        covering = [row for row in self.rows if row.slot <= slot <= row.last]
        ran = [row for row in covering if row.outcome in RAN and row.slot == slot]
        missed = [row for row in covering if row.outcome in MISSED and not self._is_open(slot)]
        return next(iter([*ran, *missed]), None)

    def _without_row(self, slot: Instant) -> Fate:
        if self.past.at("gone", slot):
            return Fate.GONE
        if slot < self.past.kept:
            return Fate.UNKNOWN
        if not self.past.at("defined", slot):
            return Fate.BEFORE
        if self.lived.has_run(slot):
            return Fate.QUIET
        if not self._is_open(slot):
            return Fate.UNKNOWN
        if slot > self.now:
            return Fate.UPCOMING
        return Fate.PAUSED if self._is_paused() else Fate.DUE

    def _why(self, slot: Instant, fate: Fate) -> str:
        if fate is Fate.UPCOMING:
            return f"in {span_text(slot - self.now)}"
        gone = self.past.at("gone", slot)
        if fate is Fate.GONE and gone:
            by, at = gone.event.by, local(gone.event.at, self.zone)
            return f"its file was found gone at {at}" if by == RUNTIME else f"{by} removed it at {at}"
        if slot < self.past.kept:
            return "it is older than what is kept"
        return _WORDS[fate]

    def _is_open(self, slot: Instant) -> bool:
        return self.row.due is not None and slot >= self.row.due

    def _is_paused(self) -> bool:
        return bool({"paused", "all paused"} & self.past.running.keys())

    def _around(self, slot: Instant, row: OccurrenceRow | None = None) -> tuple[str, ...]:
        busy = [each for each in self.rows if each.slot < slot and each.outcome not in MISSED]
        return tuple(around(self.past, slot, row, busy, self.zone))


def _found(row: OccurrenceRow) -> str:
    return f"{row.items} new item{'' if row.items == 1 else 's'}" if row.items else "nothing was new"
