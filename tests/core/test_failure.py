"""What a class of failure leads to, and how long one waits before the next attempt."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.failure import ANSWERS, Answer, FailureRecord, RetryPolicy
from platos.core.instant import DAY, MINUTE, SECOND
from platos.errors import FAILURES, Denied, Failure, InvalidPlan, RateLimited

attempts = st.integers(1, 200)
chances = st.floats(0, 1, exclude_max=True)
policies = st.builds(RetryPolicy, first=st.integers(1, DAY), longest=st.integers(1, DAY))


EXPECTED = {
    "timeout": Answer.AGAIN,
    "rate_limited": Answer.AGAIN,
    "unavailable": Answer.AGAIN,
    "invalid_output": Answer.REPAIR,
    "bad_reasoning": Answer.REPLAN,
    "stale_world": Answer.REPLAN,
    "low_confidence": Answer.REVIEW,
    "in_doubt": Answer.REVIEW,
    "permission_denied": Answer.FAIL,
    "budget_exceeded": Answer.STOP,
    "auth": Answer.BREAK,
    "billing": Answer.BREAK,
    "broken": Answer.FAIL,
}
"""The table of DESIGN section 5."""


def test_every_class_of_failure_has_an_answer() -> None:
    assert set(ANSWERS) == set(FAILURES) == set(EXPECTED)


@pytest.mark.parametrize("kind", FAILURES)
def test_a_class_of_failure_has_the_answer_of_the_design(kind: str) -> None:
    assert ANSWERS[FAILURES[kind].kind] is EXPECTED[kind]


@pytest.mark.parametrize("kind", ["timeout", "rate_limited", "unavailable"])
def test_only_what_may_pass_by_itself_is_tried_again(kind: str) -> None:
    assert ANSWERS[kind] is Answer.AGAIN
    assert list(ANSWERS.values()).count(Answer.AGAIN) == 3


def test_what_policy_forbids_fails_at_once() -> None:
    assert ANSWERS["permission_denied"] is Answer.FAIL


@given(policies, attempts, chances)
def test_a_wait_is_between_half_and_all_of_the_exponential_span(
    policy: RetryPolicy, attempt: int, chance: float
) -> None:
    whole = min(policy.longest, policy.first * 2 ** min(attempt - 1, 40))
    assert whole // 2 <= policy.delay(attempt, chance=chance) <= whole


@given(attempts, chances)
def test_a_wait_is_never_longer_than_the_longest(attempt: int, chance: float) -> None:
    assert RetryPolicy(longest=5 * MINUTE).delay(attempt, chance=chance) <= 5 * MINUTE


@given(attempts, chances, st.floats(0, DAY / SECOND))
def test_the_other_side_is_given_the_time_that_it_asks_for(attempt: int, chance: float, seconds: float) -> None:
    assert RetryPolicy().delay(attempt, chance=chance, retry_after=seconds) >= round(seconds * SECOND)


@given(policies, chances)
def test_who_is_patient_grows_more_patient(policy: RetryPolicy, chance: float) -> None:
    waits = [policy.delay(attempt, chance=chance) for attempt in range(1, 60)]
    assert waits == sorted(waits)


@given(policies, attempts, chances, chances)
def test_callers_that_failed_together_come_back_apart(
    policy: RetryPolicy, attempt: int, one: float, other: float
) -> None:
    early, late = sorted((one, other))
    assert policy.delay(attempt, chance=early) <= policy.delay(attempt, chance=late)


def test_jitter_spreads_over_half_of_the_span() -> None:
    policy = RetryPolicy(first=MINUTE, longest=MINUTE)
    waits = {policy.delay(1, chance=chance / 100) for chance in range(100)}
    assert len(waits) == 100
    assert max(waits) - min(waits) > MINUTE // 2 - SECOND


@pytest.mark.parametrize("wish", [float("inf"), 1e30, float("nan"), -5.0])
def test_an_absurd_wish_does_not_park_a_step_for_ever(wish: float) -> None:
    assert 0 < RetryPolicy().delay(1, chance=0, retry_after=wish) <= DAY


@pytest.mark.parametrize("kind", FAILURES)
def test_a_recorded_failure_comes_back_as_itself(kind: str) -> None:
    failure = FAILURES[kind]("it broke", where="here", sent=True)
    again = FailureRecord.of(failure).error()
    assert (type(again), again.what, again.where, again.sent) == (type(failure), "it broke", "here", True)


def test_a_persons_no_comes_back_as_one() -> None:
    record = FailureRecord.of(Denied("denied by ana: too soon"))
    assert (record.kind, type(record.error())) == ("permission_denied", Denied)


def test_an_exception_that_is_no_failure_is_broken_and_named_by_its_type() -> None:
    assert FailureRecord.of(KeyError("x")) == FailureRecord(kind="broken", what="KeyError: 'x'")


def test_an_error_of_ours_that_is_no_failure_keeps_where_and_what_to_do() -> None:
    record = FailureRecord.of(InvalidPlan("two nodes share one path", where="work", hint="rename one"))
    assert (record.kind, record.what) == ("broken", "InvalidPlan: two nodes share one path")
    assert (record.where, record.hint) == ("work", "rename one")


def test_a_failure_that_comes_back_still_says_what_to_do() -> None:
    assert FailureRecord.of(RateLimited("too many", hint="wait")).error().hint == "wait"


def test_a_kind_that_this_version_does_not_know_is_broken() -> None:
    assert type(FailureRecord(kind="of later", what="?").error()) is FAILURES["broken"]


def test_a_failure_says_what_where_expected_and_next() -> None:
    failure = RateLimited("too many requests", where="api", expected="fewer", hint="wait", sent=True)
    assert isinstance(failure, Failure)
    assert str(failure) == "api: too many requests\n  expected: fewer\n  next: wait"
