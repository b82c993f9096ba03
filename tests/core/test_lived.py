"""After a clock was set back: what ran runs no more, and what did not run is open."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from platos.core.instant import DAY, MINUTE, Instant, parse_instant
from platos.core.lived import Gap, Lived, Reign
from platos.core.schedule import CatchUp, Schedule

NOON = parse_instant("2026-11-21T12:00Z")
EVERY_MINUTE = Schedule(cron="* * * * *", grace=DAY)


def minute(number: int) -> Instant:
    return NOON + number * MINUTE


def lived(*, last: int, missed: tuple[tuple[int, int], ...] = (), ran: tuple[int, ...] = (), known: int = 0) -> Lived:
    """In minutes after noon."""
    gaps = tuple(Gap(minute(first), minute(end)) for first, end in missed)
    return Lived((Reign(EVERY_MINUTE, minute(known), minute(last), gaps),), frozenset(map(minute, ran)))


def test_what_was_handled_and_not_missed_has_run() -> None:
    found = lived(last=10, missed=((4, 6),))
    assert [number for number in range(13) if found.has_run(minute(number))] == [1, 2, 3, 7, 8, 9, 10]


def test_a_missed_slot_that_came_again_has_run() -> None:
    found = lived(last=10, missed=((4, 6),), ran=(5,))
    assert [number for number in range(4, 8) if found.has_run(minute(number))] == [5, 7]


def test_the_next_slot_is_the_first_that_has_not_run() -> None:
    found = lived(last=20, missed=((8, 9), (14, 16)), ran=(8, 14))
    upcoming = [(found.next_open(EVERY_MINUTE, minute(after)) - NOON) // MINUTE for after in (0, 8, 9, 14, 16)]
    assert upcoming == [9, 9, 15, 15, 21]


def test_what_lies_before_the_specialist_was_known_is_open_although_the_clock_was_there() -> None:
    found = lived(known=100, last=120)
    assert found.next_open(EVERY_MINUTE, minute(3)) == minute(4)
    assert found.next_open(EVERY_MINUTE, minute(100)) == minute(121)


def test_catching_up_ends_before_the_first_slot_that_has_run() -> None:
    found = lived(last=1010, missed=((11, 999),)).due(EVERY_MINUTE, minute(20), minute(1005))
    assert (found.slot, found.next) == (minute(999), minute(1011))
    assert [(each.first, each.last) for each in found.missed] == [(minute(20), minute(998))]


def test_a_slot_that_has_run_is_passed_over_and_nothing_is_missed_by_that() -> None:
    found = lived(last=10).due(EVERY_MINUTE, minute(4), minute(4))
    assert (found.slot, found.next, found.missed) == (None, minute(11), ())


EVERY_SECOND_MINUTE = Schedule(cron="*/2 * * * *", grace=DAY)
EDITED = Lived(
    (Reign(EVERY_SECOND_MINUTE, minute(0), minute(10)), Reign(EVERY_MINUTE, minute(10), minute(14))), frozenset()
)
"""Every second minute up to ten past, and every minute from then on."""


def test_a_time_of_another_schedule_has_run_only_where_that_schedule_had_it() -> None:
    assert [number for number in range(16) if EDITED.has_run(minute(number))] == [2, 4, 6, 8, 10, 11, 12, 13, 14]


def test_the_next_slot_and_the_next_that_ran_are_of_the_schedule_that_is_asked_for() -> None:
    assert EDITED.next_open(EVERY_MINUTE, minute(3)) == minute(5)
    assert EDITED.next_open(EVERY_SECOND_MINUTE, minute(1)) == minute(16)
    assert EDITED.next_run(EVERY_MINUTE, minute(2)) == minute(4)
    assert EDITED.next_run(EVERY_SECOND_MINUTE, minute(10)) == minute(12)


def test_what_one_definition_missed_another_may_have_run() -> None:
    reigns = (Reign(EVERY_MINUTE, minute(0), minute(8), (Gap(minute(1), minute(5)),)),)
    found = Lived((*reigns, Reign(EVERY_SECOND_MINUTE, minute(3), minute(8))), frozenset())
    assert [number for number in range(9) if found.has_run(minute(number))] == [4, 6, 7, 8]


@given(st.data())
def test_whatever_has_run_each_slot_is_open_or_has_run_and_never_asked_for_twice(data: st.DataObject) -> None:
    bounds = sorted(data.draw(st.sets(st.integers(1, 60), max_size=6)))
    missed = tuple(zip(bounds[::2], bounds[1::2], strict=False))
    ran = data.draw(st.frozensets(st.sampled_from([n for a, b in missed for n in range(a, b + 1)] or [1]), max_size=5))
    found = lived(
        known=data.draw(st.integers(-5, 30)), last=data.draw(st.integers(0, 60)), missed=missed, ran=tuple(ran)
    )
    schedule = Schedule(cron="* * * * *", catch_up=data.draw(st.sampled_from(CatchUp)), grace=DAY)
    due, now, asked = found.next_open(schedule, minute(0)), minute(data.draw(st.integers(0, 70))), []
    while due <= now:
        answer = found.due(schedule, due, now)
        asked += [answer.slot] if answer.slot is not None else []
        given_up = [slot for each in answer.missed for slot in range(each.first, each.last + 1, MINUTE)]
        assert not any(map(found.has_run, [*asked, *given_up]))
        assert answer.next > due
        due = answer.next
    assert len(asked) == len(set(asked))
