"""Jumps: what three clocks tell of the one that people set."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.instant import DAY, HOUR, SECOND, Span, parse_instant
from platos.core.jump import LEAST_JUMP, Jump, JumpKind, Reading, jumps_between

NOON = parse_instant("2026-11-21T12:00Z")
BEFORE = Reading(wall=NOON, awake=7 * DAY, passed=9 * DAY)
NAP = 30 * SECOND
SPANS = (HOUR, DAY, 365 * DAY)


def after(*, awake: Span = NAP, slept: Span = 0, set_by: Span = 0, boot: bool = True) -> Reading:
    """What the clocks show when the machine was awake and slept for so long, and its wall clock was set by so much."""
    passed = BEFORE.passed
    assert passed is not None
    return Reading(NOON + awake + slept + set_by, 7 * DAY + awake, passed + awake + slept if boot else None)


def told(reading: Reading) -> list[tuple[str, Span]]:
    return [(jump.what, jump.after - jump.before) for jump in jumps_between(BEFORE, reading)]


@given(st.integers(0, 30 * DAY), st.integers(-LEAST_JUMP + 1, LEAST_JUMP - 1))
def test_a_clock_that_goes_on_and_is_put_right_a_little_did_not_jump(awake: Span, slewed: Span) -> None:
    assert told(after(awake=awake, set_by=slewed)) == []


@pytest.mark.parametrize("span", SPANS)
def test_a_suspend_is_told_from_a_clock_that_was_set_forward(span: Span) -> None:
    assert told(after(slept=span)) == [("suspended", span)]
    assert told(after(set_by=span)) == [("set forward", span)]


@pytest.mark.parametrize("span", SPANS)
@pytest.mark.parametrize("boot", [True, False])
def test_a_clock_that_was_set_back_is_noticed_on_every_machine(span: Span, boot: bool) -> None:
    assert told(after(set_by=-span, boot=boot)) == [("set back", -span)]


def test_where_no_clock_counts_suspends_it_is_not_guessed_which_it_was() -> None:
    assert told(after(slept=HOUR, boot=False)) == [("suspended or set forward", HOUR)]


def test_a_machine_that_slept_and_was_set_tells_both_one_after_the_other() -> None:
    slept, back = jumps_between(BEFORE, after(slept=8 * HOUR, set_by=-HOUR))
    assert slept == Jump(NOON + NAP, NOON + NAP + 8 * HOUR, JumpKind.SUSPENDED)
    assert back == Jump(slept.after, NOON + NAP + 7 * HOUR, JumpKind.SET_BACK)


def test_a_sleep_that_the_wall_clock_does_not_show_is_told_too() -> None:
    assert told(after(slept=HOUR, set_by=-HOUR)) == [("suspended", HOUR), ("set back", -HOUR)]
