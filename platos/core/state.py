"""The states of runs and steps, and the one table of their changes. Nothing else changes a state."""

from __future__ import annotations

from enum import StrEnum

from platos.errors import InvalidTransition

__all__ = ["FINAL", "Outcome", "State", "arrive", "move"]


class State(StrEnum):
    """Where a run or a step is. Every state that is not final names what it waits for: a due time, or a person."""

    PENDING = "pending"
    RUNNING = "running"
    NEEDS_REVIEW = "needs_review"
    SUCCESS = "success"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Outcome(StrEnum):
    """What a finished run came to, computed from evidence."""

    DONE = "done"
    NOOP = "noop"
    COMPLETED_UNUSABLE = "completed_unusable"


_S = State
_TABLE: dict[State, frozenset[State]] = {
    _S.PENDING: frozenset({_S.RUNNING, _S.FAILED, _S.CANCELLED}),
    _S.RUNNING: frozenset({_S.PENDING, _S.SUCCESS, _S.FAILED, _S.NEEDS_REVIEW, _S.CANCELLED}),
    _S.NEEDS_REVIEW: frozenset({_S.RUNNING, _S.SUCCESS, _S.FAILED, _S.CANCELLED}),
    _S.FAILED: frozenset({_S.PENDING}),  # only a re-drive
    _S.SUCCESS: frozenset(),
    _S.CANCELLED: frozenset(),
}

FINAL = frozenset({State.SUCCESS, State.FAILED, State.CANCELLED})
"""States in which a run or step waits for nothing."""


def move(old: State, new: State, *, of: object = "") -> State:
    """`new`, where the table allows it. Raises InvalidTransition naming `of`."""
    if new not in _TABLE[old]:
        allowed = ", ".join(sorted(_TABLE[old])) or "nothing: it is final"
        raise InvalidTransition(f"cannot go from {old} to {new}", where=str(of), expected=allowed)
    return new


def arrive(old: State, new: State, *, of: object = "") -> State:
    """As `move`, and through `running` where the step began and ended between two writes. Raises InvalidTransition."""
    through = old is State.PENDING and new in _TABLE[State.RUNNING]
    return new if through else move(old, new, of=of)
