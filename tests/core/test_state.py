"""The one table of state changes."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.state import FINAL, State, arrive, move
from platos.errors import InvalidTransition

S = State
ALLOWED = {
    (S.PENDING, S.RUNNING),
    (S.PENDING, S.FAILED),
    (S.PENDING, S.CANCELLED),
    (S.RUNNING, S.PENDING),
    (S.RUNNING, S.SUCCESS),
    (S.RUNNING, S.FAILED),
    (S.RUNNING, S.NEEDS_REVIEW),
    (S.RUNNING, S.CANCELLED),
    (S.NEEDS_REVIEW, S.RUNNING),
    (S.NEEDS_REVIEW, S.SUCCESS),
    (S.NEEDS_REVIEW, S.FAILED),
    (S.NEEDS_REVIEW, S.CANCELLED),
    (S.FAILED, S.PENDING),
}
PAIRS = list(product(State, State))


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_state_changes_only_as_the_table_says(old: State, new: State) -> None:
    if (old, new) in ALLOWED:
        assert move(old, new) is new
    else:
        with pytest.raises(InvalidTransition):
            move(old, new)


@given(st.lists(st.sampled_from(State), max_size=30))
def test_the_only_way_out_of_a_final_state_is_a_re_drive(wishes: list[State]) -> None:
    state = State.PENDING
    for wish in wishes:
        try:
            reached = move(state, wish)
        except InvalidTransition:
            continue
        assert state not in FINAL or (state, reached) == (State.FAILED, State.PENDING)
        state = reached


def test_a_refused_change_says_what_was_allowed_and_of_what() -> None:
    with pytest.raises(InvalidTransition) as caught:
        move(State.PENDING, State.SUCCESS, of="r7")
    assert (caught.value.where, caught.value.expected) == ("r7", "cancelled, failed, running")


def test_a_refused_change_out_of_a_final_state_says_that_it_is_final() -> None:
    with pytest.raises(InvalidTransition, match="it is final"):
        move(State.SUCCESS, State.RUNNING)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_arriving_skips_nothing_but_running(old: State, new: State) -> None:
    if (old, new) in ALLOWED or (old is State.PENDING and (State.RUNNING, new) in ALLOWED):
        assert arrive(old, new) is new
    else:
        with pytest.raises(InvalidTransition):
            arrive(old, new)
