"""When a specialist wakes: across changes of clocks, and after a sleep."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.instant import DAY, HOUR, MINUTE, SECOND, Instant, Span, iso, parse_instant
from platos.core.schedule import CatchUp, Due, Missed, Schedule
from platos.errors import ConfigurationError

BERLIN = "Europe/Berlin"
SPRING, AUTUMN = parse_instant("2026-03-29T01:00Z"), parse_instant("2026-10-25T01:00Z")
"""Berlin's clocks go from 02:00 to 03:00, and from 03:00 back to 02:00."""

CRONS = ("* * * * *", "*/15 * * * *", "30 * * * *", "30 2 * * *", "*/20 2 * * *", "0,45 1-3 * * *", "5 */2 * * 0")
ZONES = ("UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")
near_a_change = st.builds(
    lambda change, off: change + off, st.sampled_from((SPRING, AUTUMN)), st.integers(-2 * DAY, 2 * DAY)
)
schedules = st.builds(lambda cron, zone: Schedule(cron=cron, zone=zone), st.sampled_from(CRONS), st.sampled_from(ZONES))


def fires(cron: str, day: str, count: int, zone: str = BERLIN) -> list[str]:
    slots = Schedule(cron=cron, zone=zone).slots(parse_instant(day + "T10:00Z"), count)
    return [iso(slot).removesuffix(":00Z") for slot in slots]


# -- changes of clocks


def test_a_local_time_that_exists_twice_fires_once_the_first_time() -> None:
    assert fires("30 2 * * *", "2026-10-24", 2) == ["2026-10-25T00:30", "2026-10-26T01:30"]


def test_a_local_time_that_does_not_exist_fires_at_the_first_instant_that_does() -> None:
    assert fires("30 2 * * *", "2026-03-28", 2) == ["2026-03-29T01:00", "2026-03-30T00:30"]


def test_several_local_times_that_do_not_exist_fire_once() -> None:
    assert fires("*/30 2 * * *", "2026-03-28", 2) == ["2026-03-29T01:00", "2026-03-30T00:00"]


def test_a_starred_minute_of_an_hour_that_exists_twice_fires_once() -> None:
    assert fires("*/30 2 * * *", "2026-10-24", 3) == ["2026-10-25T00:00", "2026-10-25T00:30", "2026-10-26T01:00"]


def test_asked_when_the_clock_shows_a_time_again_the_next_slot_is_not_one_that_was() -> None:
    again = AUTUMN + 15 * MINUTE  # 02:15 in Berlin, for the second time that night
    assert iso(Schedule(cron="30 2 * * *", zone=BERLIN).next_after(again)) == "2026-10-26T01:30:00Z"


@pytest.mark.parametrize("change", [SPRING, AUTUMN])
def test_a_schedule_for_every_hour_goes_on_evenly_while_clocks_change(change: Instant) -> None:
    slots = Schedule(cron="*/15 * * * *", zone=BERLIN).slots(change - 3 * HOUR, 24)
    assert {later - earlier for earlier, later in pairwise(slots)} == {15 * MINUTE}


@given(schedules, near_a_change)
def test_the_next_slot_is_later(schedule: Schedule, instant: Instant) -> None:
    assert schedule.next_after(instant) > instant


@given(schedules, near_a_change, st.integers(1, 40))
def test_slots_are_the_same_wherever_one_begins_to_count(schedule: Schedule, instant: Instant, count: int) -> None:
    slots = schedule.slots(instant, count)
    walked = [instant]
    for _ in slots:
        walked.append(schedule.next_after(walked[-1]))
    assert walked[1:] == slots


# -- after a sleep


@dataclass(frozen=True)
class Woken:
    """What became of every slot from `due` on, woken once at `now` and asked until nothing is due."""

    ran: list[Instant]
    missed: list[Missed]
    answers: list[Due]


def wake(schedule: Schedule, due: Instant, now: Instant) -> Woken:
    woken = Woken([], [], [])
    while due <= now:
        answer = schedule.due(due, now)
        woken.answers.append(answer)
        woken.missed.extend(answer.missed)
        if answer.slot is not None:
            woken.ran.append(answer.slot)
        due = answer.next
    return woken


def every_quarter(catch_up: CatchUp, grace: Span = DAY) -> Schedule:
    return Schedule(cron="*/15 * * * *", catch_up=catch_up, grace=grace)


NOON = parse_instant("2026-11-21T12:00Z")


def test_on_time_the_slot_runs_and_nothing_is_missed() -> None:
    assert every_quarter(CatchUp.NONE).due(NOON, NOON) == Due(slot=NOON, next=NOON + 15 * MINUTE)


def test_latest_runs_the_last_slot_and_coalesces_the_others() -> None:
    answer = every_quarter(CatchUp.LATEST).due(NOON, NOON + HOUR)
    coalesced = Missed(first=NOON, last=NOON + 45 * MINUTE, count=4, why="coalesced")
    assert answer == Due(slot=NOON + HOUR, next=NOON + 75 * MINUTE, missed=(coalesced,))


def test_all_runs_the_slots_one_by_one() -> None:
    woken = wake(every_quarter(CatchUp.ALL), NOON, NOON + HOUR)
    assert woken.ran == [NOON + quarter * 15 * MINUTE for quarter in range(5)]


def test_none_skips_every_slot_that_is_a_minute_old() -> None:
    answer = every_quarter(CatchUp.NONE).due(NOON, NOON + 20 * MINUTE)
    skipped = Missed(first=NOON, last=NOON + 15 * MINUTE, count=2, why="skipped")
    assert answer == Due(slot=None, next=NOON + 30 * MINUTE, missed=(skipped,))


def test_a_slot_older_than_grace_is_skipped_and_one_exactly_as_old_is_run() -> None:
    schedule = every_quarter(CatchUp.LATEST, grace=15 * MINUTE)
    assert schedule.due(NOON, NOON + 14 * MINUTE).slot == NOON
    assert wake(every_quarter(CatchUp.ALL, grace=15 * MINUTE), NOON, NOON + 31 * MINUTE).ran == [NOON + 30 * MINUTE]
    assert wake(every_quarter(CatchUp.ALL, grace=16 * MINUTE), NOON, NOON + 31 * MINUTE).ran == [
        NOON + 15 * MINUTE,
        NOON + 30 * MINUTE,
    ]


def test_past_ten_thousand_the_count_stops_and_the_range_does_not() -> None:
    schedule = Schedule(cron="* * * * *", grace=HOUR)
    answer = schedule.due(NOON, NOON + 20 * DAY)
    skipped, coalesced = answer.missed
    assert (skipped.count, skipped.last) == (10_000, NOON + 20 * DAY - 61 * MINUTE)
    assert (coalesced.first, coalesced.last) == (NOON + 20 * DAY - 60 * MINUTE, NOON + 20 * DAY - MINUTE)


sleeps = {
    "schedule": st.builds(
        Schedule,
        cron=st.sampled_from(CRONS),
        zone=st.sampled_from(ZONES),
        catch_up=st.sampled_from(CatchUp),
        grace=st.sampled_from((0, 30 * SECOND, 17 * MINUTE, 5 * HOUR, DAY)),
    ),
    "start": near_a_change,
    "asleep": st.integers(0, 2 * DAY // (10 * MINUTE)).map(lambda tens: tens * 10 * MINUTE + 7),
}


@given(**sleeps)
def test_every_slot_is_run_coalesced_or_skipped_exactly_once(schedule: Schedule, start: Instant, asleep: Span) -> None:
    due = schedule.next_after(start)
    now = due + asleep
    woken = wake(schedule, due, now)
    slots = [due, *(slot for slot in schedule.slots(due, 1 + asleep // MINUTE) if slot <= now)]
    given_up = [slot for missed in woken.missed for slot in slots if missed.first <= slot <= missed.last]
    assert sorted(woken.ran + given_up) == slots
    assert sum(missed.count for missed in woken.missed) == len(given_up)


@given(**sleeps)
def test_what_is_next_lies_ahead_unless_all_slots_are_wanted(schedule: Schedule, start: Instant, asleep: Span) -> None:
    due = schedule.next_after(start)
    now = due + asleep
    for answer in wake(schedule, due, now).answers:
        assert answer.next > (now if schedule.catch_up is not CatchUp.ALL or answer.slot is None else answer.slot)


# -- what a person may write


@pytest.mark.parametrize("zone", ["Europe/Atlantis", "", "../etc/passwd", "Europe"])
def test_an_unknown_zone_is_refused(zone: str) -> None:
    with pytest.raises(ConfigurationError, match="time zone"):
        Schedule(cron="0 8 * * *", zone=zone).check()


@pytest.mark.parametrize("cron", ["", "soon", "* * * *", "61 * * * *", "0 0 30 2 *", "0 0 31 4 *", "*/5 * * * * *"])
def test_an_expression_that_never_fires_is_refused(cron: str) -> None:
    with pytest.raises(ConfigurationError, match="ever fires"):
        Schedule(cron=cron).check()


@pytest.mark.parametrize("cron", [*CRONS, "0 8 * * 1-5", "0 0 29 2 *", "0 9 * * mon#1", "0 0 L * *"])
def test_a_usable_expression_passes(cron: str) -> None:
    Schedule(cron=cron, zone=BERLIN).check()


def test_a_schedule_is_told_in_words() -> None:
    assert Schedule(cron="0 8 * * *", zone=BERLIN).words() == "At 08:00 every day (Europe/Berlin)"
