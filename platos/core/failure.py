"""What happens after a failure: one answer per class. The first question, whether it was sent, is the caller's."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

import msgspec

from platos.core.instant import DAY, MINUTE, SECOND, Span
from platos.errors import FAILURES, Denied, Failure, PlatosError

__all__ = ["ANSWERS", "Answer", "FailureRecord", "RetryPolicy", "left_after"]


class Answer(StrEnum):
    """What the runtime does about a class of failure."""

    AGAIN = "again"
    REPAIR = "repair"
    REPLAN = "replan"
    REVIEW = "review"
    BREAK = "break"
    STOP = "stop"
    FAIL = "fail"


ANSWERS: dict[str, Answer] = {
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

_OF_THE_MODEL = (Answer.AGAIN, Answer.BREAK, Answer.FAIL)

_ASKED: Span = DAY
"""The longest wait that the other side can ask for: what it says comes from outside."""


def left_after(failure: Failure, models: Sequence[str]) -> tuple[str, ...]:
    """The models of a list that may be asked at once in the place of the one that failed; none where it was not the
    model's failure, or where none was asked: then none of them could be."""
    if failure.asked not in models or ANSWERS[failure.kind] not in _OF_THE_MODEL:
        return ()
    return tuple(models[models.index(failure.asked) + 1 :])


class RetryPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """How often and how patiently a step is tried: exponential backoff from `first` to at most `longest`.

    `idle` is how long an attempt may go on without a sign of life, `total` how long the step may take with all its
    attempts and waits. `crashes` is the escalation threshold: how often the same code may break before the work is a
    dead letter.
    """

    attempts: int = 4
    first: Span = 2 * SECOND
    longest: Span = 10 * MINUTE
    idle: Span = 2 * MINUTE
    total: Span = DAY
    crashes: int = 3

    def delay(self, attempt: int, *, chance: float, retry_after: float | None = None) -> Span:
        """How long to wait after failed attempt number `attempt` (1, 2, ...).

        Half of the exponential span is kept and half is jitter, drawn by `chance` in [0, 1): callers that failed
        together do not come back together. `retry_after` (seconds) is a lower bound, heeded up to a day.
        """
        whole: Span = min(self.longest, self.first << min(attempt - 1, 40))
        wait = whole // 2 + int(chance * (whole - whole // 2))
        return max(wait, round(min(max(0, retry_after or 0), _ASKED // SECOND) * SECOND))


class FailureRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A failure as the journal keeps it. `denied` tells that it was a person, or time, that said no, and not a rule."""

    kind: str
    what: str
    where: str = ""
    hint: str = ""
    sent: bool = False
    denied: bool = False

    @classmethod
    def of(cls, error: BaseException) -> FailureRecord:
        """The record of an exception; one that is no Failure is `broken`, named by its type."""
        if isinstance(error, Failure):
            no = isinstance(error, Denied)
            return cls(kind=error.kind, what=error.what, where=error.where, hint=error.hint, sent=error.sent, denied=no)
        if isinstance(error, PlatosError):
            what = f"{type(error).__name__}: {error.what}"
            return cls(kind="broken", what=what, where=error.where, hint=error.hint)
        return cls(kind="broken", what=f"{type(error).__name__}: {error}")

    def error(self) -> Failure:
        """The failure as an exception again."""
        kind = Denied if self.denied else FAILURES.get(self.kind, FAILURES["broken"])
        return kind(self.what, where=self.where, hint=self.hint, sent=self.sent)
