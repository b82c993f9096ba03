"""An occurrence runs at most once; every slot of the schedule in force ran, or is told with the reason why not."""

from __future__ import annotations

from typing import Any

from platos.core.instant import Instant, iso
from platos.core.schedule import Schedule
from tests.simulation.record import Record, Seen

__all__ = ["check_slots", "check_waking"]

_HANDLED = ("ran", "late")
_GIVEN_UP = ("coalesced", "skipped")


class _Slots:
    """What became of one specialist's slots, followed through all that the witness saw of its row."""

    def __init__(self, name: str, rows: list[dict[str, Any]]) -> None:
        self.name = name
        self.ran: set[Instant] = set()
        self.handled = sorted(row["slot"] for row in rows if row["outcome"] in _HANDLED)
        self.given_up = [(row["slot"], row["last"]) for row in rows if row["outcome"] in _GIVEN_UP]
        self.schedule: Schedule | None = None
        self.due: Instant | None = None

    def follow(self, seen: Seen, schedule: Schedule) -> None:
        if seen.kind == "claimed":
            self._claim(seen)
        if seen.kind in ("claimed", "moved") and seen.before is not None and seen.after is not None:
            self.account(seen.before, seen.after)
        self.schedule, self.due = schedule, seen.after

    def account(self, first: Instant, end: Instant) -> None:
        """Every slot from `first` up to `end` ran, or was given up with a row that says why."""
        slot = first
        while slot < end:
            last = slot if slot in self.ran else self._given_up_with(slot)
            assert last is not None, f"{self.name}: the slot {iso(slot)} neither ran nor is told why not"
            slot = self._next(last)

    def missing(self, first: Instant, end: Instant) -> Instant | None:
        """The first slot later than `first` and before `end` that did not run."""
        slot = self._next(first)
        while slot < end and slot in self.ran:
            slot = self._next(slot)
        return slot if slot < end else None

    def _claim(self, seen: Seen) -> None:
        assert seen.before is not None, f"{self.name}: a claim where nothing was due"
        assert seen.before == self.due, f"{self.name}: a claim past its own due time"
        slot = seen.slot if seen.slot != seen.last else self._come_again(seen.before, seen.after or 0)
        assert slot is not None, f"{self.name}: {iso(seen.before)} was due, and what was claimed is not told"
        assert slot >= seen.before, f"{self.name}: {iso(slot)} was claimed where {iso(seen.before)} was due"
        assert slot not in self.ran, f"{self.name}: the slot {iso(slot)} ran twice"
        self.ran.add(slot)

    def _come_again(self, first: Instant, end: Instant) -> Instant | None:
        """A slot whose time came twice, since the clock was set back, is always told of."""
        open = (slot for slot in self.handled if first <= slot < end and slot not in self.ran)
        return max((slot for slot in open if self._next(slot - 1) == slot), default=None)

    def _given_up_with(self, slot: Instant) -> Instant | None:
        return max((last for first, last in self.given_up if first <= slot <= last), default=None)

    def _next(self, slot: Instant) -> Instant:
        assert self.schedule is not None
        return self.schedule.next_after(slot)


def _followed(record: Record, name: str) -> _Slots:
    slots = _Slots(name, [row for row in record.rows("occurrences") if row["specialist"] == name])
    for seen in record.witness[name]:
        slots.follow(seen, record.definitions[seen.definition].schedule)
    return slots


def check_slots(record: Record) -> int:
    """Each claim was of what was due, and once; what lies between two claims is told; the counts fit. How many ran."""
    count = 0
    for row in record.rows("specialists"):
        slots = _followed(record, row["name"])
        told = [each for each in record.rows("occurrences") if each["specialist"] == row["name"]]
        handled = [each["slot"] for each in told if each["outcome"] in _HANDLED]
        by_hand = sum(each["outcome"] == "by hand" for each in told)
        assert set(handled) <= slots.ran, f"{row['name']}: a slot is told of that nobody claimed"
        assert len(handled) == len(set(handled)), f"{row['name']}: one slot is told of as two"
        assert row["wakes"] == len(slots.ran) + by_hand, f"{row['name']}: its wake-ups are not the slots that ran"
        assert row["loud"] <= len(handled) + by_hand <= row["wakes"], f"{row['name']}: a wake-up left no row"
        assert row["wakes"] == row["quiet"] + row["loud"], f"{row['name']}: the quiet ones do not add up"
        count += len(slots.ran)
    return count


def check_waking(record: Record, now: Instant) -> None:
    """Whoever is present wakes at the next slot: what lies before it has run."""
    for row in record.rows("specialists"):
        if row["present"]:
            assert row["due"] is not None, f"{row['name']}: present, and wakes no more"
            assert row["due"] > now, f"{row['name']}: due at {iso(row['due'])}, and nobody woke it"
            late = _followed(record, row["name"]).missing(now, row["due"])
            assert late is None, f"{row['name']}: sleeps until {iso(row['due'])}, past its slot {iso(late)}"
