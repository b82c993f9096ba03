"""Jitter: a place of its own for each specialist of a schedule, always the same, in every zone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.instant import DAY, HOUR, MINUTE, SECOND, Instant, iso, parse_instant, to_datetime
from platos.core.jitter import offset_of, spread
from platos.core.schedule import CatchUp, Due, Schedule
from platos.errors import ConfigurationError

QUARTERLY = Schedule(cron="*/15 * * * *")
NAMES = [f"watch-{number}" for number in range(300)]
NOON = parse_instant("2026-11-21T12:00Z")
Shift = timedelta | None
WEEK = 7 * 24
YEAR = range(parse_instant("2026-01-01"), parse_instant("2027-01-01"), HOUR)
CRONS = ("*/20 * * * *", "30 1-3 * * *", "0,45 0-4 * * *", "30 2 * * *")
windows = st.integers(0, 15 * 60 - 1).map(lambda seconds: seconds * SECOND)


# -- where a specialist has its place


@given(st.sampled_from(NAMES), windows)
def test_a_place_lies_in_the_window(name: str, jitter: int) -> None:
    assert 0 <= offset_of(name, jitter) < max(jitter, 1)


def test_a_place_is_the_same_on_every_machine_and_in_every_version() -> None:
    assert [offset_of(name, 5 * MINUTE) // SECOND for name in ("advisories", "papers")] == [173, 66]


def test_the_specialists_of_one_schedule_fill_the_window() -> None:
    minutes = {offset_of(name, 10 * MINUTE) // MINUTE for name in NAMES}
    assert minutes == set(range(10))


def test_without_jitter_slots_are_the_times_of_the_expression() -> None:
    assert spread(QUARTERLY, "papers", 0) == QUARTERLY


def test_a_slot_is_the_expressions_time_and_the_place() -> None:
    schedule = spread(QUARTERLY, "papers", 5 * MINUTE)
    assert iso(schedule.next_after(NOON)) == "2026-11-21T12:01:06Z"
    assert schedule.words() == "Every 15th minute of every hour, 1m6s later (UTC)"


# -- how long the window may be


@pytest.mark.parametrize(
    ("cron", "jitter"),
    [
        ("*/15 * * * *", 15 * MINUTE),
        ("0,1 0 * * *", MINUTE),
        ("0 23 * * *", DAY),
        ("59,0 0,23 * * *", MINUTE),
        ("0 0 29 2 *", 2_000 * DAY),
    ],
)
def test_a_window_that_is_not_shorter_than_the_distance_of_two_slots_is_refused(cron: str, jitter: int) -> None:
    with pytest.raises(ConfigurationError, match="is too long for slots that are") as refused:
        spread(Schedule(cron=cron), "papers", jitter)
    assert "jitter" in refused.value.where
    assert "write, for example, jitter: " in refused.value.hint


@pytest.mark.parametrize(("cron", "jitter"), [("*/15 * * * *", 15 * MINUTE - 1), ("0 8 * * 1-5", 23 * HOUR)])
def test_a_window_that_is_shorter_passes(cron: str, jitter: int) -> None:
    assert spread(Schedule(cron=cron), "papers", jitter).offset < jitter


# -- the rules of a schedule go on holding


@cache
def changes() -> dict[tuple[Instant, Shift, Shift], list[str]]:
    """The hours of 2026 in which clocks are changed, from which offset to which; and the zones in which they are so."""
    found: dict[tuple[Instant, Shift, Shift], list[str]] = {}
    for name in sorted(available_timezones()):
        for change in _changes_of(ZoneInfo(name)):
            found.setdefault(change, []).append(name)
    return found


def _changes_of(zone: ZoneInfo) -> Iterator[tuple[Instant, Shift, Shift]]:
    def shift(at: Instant) -> Shift:
        return to_datetime(at).astimezone(zone).utcoffset()

    for week in YEAR[::WEEK]:
        if shift(week) != shift(week + 7 * DAY):
            at = next(at for at in range(week, week + 7 * DAY, HOUR) if shift(at) != shift(at + HOUR))
            yield at, shift(at), shift(at + HOUR)


def test_in_every_zone_with_a_transition_slots_keep_their_offset_and_their_order(
    record_cases: Callable[[str, int], None],
) -> None:
    for place, ((change, *_), zones) in enumerate(changes().items()):
        for cron in CRONS:
            plain = Schedule(cron=cron, zone=zones[place % len(zones)])
            schedule = spread(plain, NAMES[place], 14 * MINUTE)
            slots = schedule.slots(change - 3 * HOUR, 9)
            assert slots == [slot + schedule.offset for slot in plain.slots(change - 3 * HOUR - schedule.offset, 9)]
            assert all(earlier < later for earlier, later in pairwise(slots))
            assert [schedule.next_after(slot) for slot in slots[:-1]] == slots[1:]
    zones_changed = {zone for zones in changes().values() for zone in zones}
    assert len(zones_changed) > 150
    record_cases("zone transitions", len(changes()))


@given(
    schedule=st.builds(
        Schedule,
        cron=st.sampled_from(CRONS),
        zone=st.sampled_from(("UTC", "Europe/Berlin", "Australia/Lord_Howe")),
        catch_up=st.sampled_from(CatchUp),
        grace=st.sampled_from((0, 17 * MINUTE, 5 * HOUR, DAY)),
    ),
    jitter=windows,
    start=st.sampled_from((NOON, parse_instant("2026-03-29T00:30Z"), parse_instant("2026-10-25T00:30Z"))),
    asleep=st.integers(0, 2 * DAY),
)
def test_catching_up_is_that_of_the_plain_schedule_so_much_later(
    schedule: Schedule, jitter: int, start: Instant, asleep: int
) -> None:
    offset = offset_of("papers", jitter)
    due = schedule.next_after(start)
    plain = schedule.due(due, due + asleep)
    later = msgspec.structs.replace(schedule, offset=offset).due(due + offset, due + asleep + offset)
    assert later == moved(plain, offset)


def moved(due: Due, offset: int) -> Due:
    missed = tuple(
        msgspec.structs.replace(each, first=each.first + offset, last=each.last + offset) for each in due.missed
    )
    return Due(slot=None if due.slot is None else due.slot + offset, next=due.next + offset, missed=missed)
