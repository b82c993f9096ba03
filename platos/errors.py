"""Every exception that Platos raises, in one tree.

    PlatosError
    ├── UsageError                  a command or a call was used wrongly
    ├── NotFound                    no such specialist, run, gate or item
    ├── ConfigurationError          a file, a key or a value that people wrote
    │   ├── UnknownPart             no source, tier, model, tool, actor or planner of that name
    │   ├── DuplicatePart           two parts claim one name
    │   └── SecretMissing           a reference that leads to no secret
    ├── InvalidPlan                 a plan that breaks a bound or names what is not there
    ├── InvalidTransition           a state change that the table does not have
    ├── StoreError                  the state file
    │   ├── StoreBusy               another process owns the state folder
    │   ├── StoreNewer              written by a later version
    │   ├── StoreCorrupt            does not verify
    │   ├── StoreFull               no room; nothing was written
    │   ├── StoreUnknown            whether it was written is not known
    │   └── EpochLost               another process has taken the folder over
    ├── Unreachable                 no answer on the control socket
    └── Failure                     why a step did not come to its result; `kind` is its class (core/failure.py)
        ├── TimedOut, RateLimited, Unavailable
        ├── InvalidOutput, BadReasoning, LowConfidence
        ├── PermissionDenied ── Denied
        ├── BudgetExceeded ── Unpriced, Frozen
        ├── StaleWorld, AuthFailed, BillingFailed, InDoubt
        └── Broken ── TooLong       anything else

An error says what is wrong, where, what was expected and what to do next; it carries these as data.
"""

from __future__ import annotations

from typing import Any, ClassVar

__all__ = [
    "AuthFailed",
    "BadReasoning",
    "BillingFailed",
    "Broken",
    "BudgetExceeded",
    "ConfigurationError",
    "Denied",
    "DuplicatePart",
    "EpochLost",
    "Failure",
    "Frozen",
    "InDoubt",
    "InvalidOutput",
    "InvalidPlan",
    "InvalidTransition",
    "LowConfidence",
    "NotFound",
    "PermissionDenied",
    "PlatosError",
    "RateLimited",
    "SecretMissing",
    "StaleWorld",
    "StoreBusy",
    "StoreCorrupt",
    "StoreError",
    "StoreFull",
    "StoreNewer",
    "StoreUnknown",
    "TimedOut",
    "TooLong",
    "Unavailable",
    "UnknownPart",
    "Unpriced",
    "Unreachable",
    "UsageError",
]


class PlatosError(Exception):
    """Something that Platos can name went wrong.

    `what` is one sentence; `where` a file, key or id; `expected` what would have been right; `hint` the next step.
    """

    def __init__(self, what: str, *, where: str = "", expected: str = "", hint: str = "") -> None:
        self.what, self.where, self.expected, self.hint = what, where, expected, hint
        super().__init__(what)

    def __str__(self) -> str:
        head = f"{self.where}: {self.what}" if self.where else self.what
        lines = [head]
        if self.expected:
            lines.append(f"  expected: {self.expected}")
        if self.hint:
            lines.append(f"  next: {self.hint}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, Any]:
        """The same for programs: error class, what, where, expected, hint."""
        return {
            "error": type(self).__name__,
            "what": self.what,
            "where": self.where,
            "expected": self.expected,
            "hint": self.hint,
        }


class UsageError(PlatosError):
    """A command or a call was used wrongly."""


class NotFound(PlatosError):
    """There is no such specialist, run, gate or item."""


class ConfigurationError(PlatosError):
    """A file, a key or a value that a person wrote cannot be used."""


class UnknownPart(ConfigurationError):
    """No part of that kind has that name."""


class DuplicatePart(ConfigurationError):
    """Two parts of one kind claim one name."""


class SecretMissing(ConfigurationError):
    """A secret is referred to, and the reference leads nowhere."""


class InvalidPlan(PlatosError):
    """A plan breaks a bound, or names what is not there. It is never run."""


class InvalidTransition(PlatosError):
    """A state change that the table in `core/state.py` does not have."""


class StoreError(PlatosError):
    """The state file cannot be used as asked."""


class StoreBusy(StoreError):
    """Another process owns the state folder."""


class StoreNewer(StoreError):
    """The state file was written by a later version of Platos."""


class StoreCorrupt(StoreError):
    """The state file does not verify. Nothing more is written to it."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        expected: str = "",
        hint: str = "platos doctor --state verifies everything; platos restore FILE brings a backup back",
    ) -> None:
        super().__init__(what, where=where, expected=expected, hint=hint)


class StoreFull(StoreError):
    """There is no room on the disk. Nothing of the transaction was written."""


class StoreUnknown(StoreError):
    """Whether the transaction was written is not known; the store must be read to find out."""


class EpochLost(StoreError):
    """Another process has taken the state folder over; this one may write no more."""


class Unreachable(PlatosError):
    """A process or a provider did not answer."""


class Failure(PlatosError):
    """Why a step did not come to its result. `kind` names the class that decides what happens next.

    `sent` tells whether the request may have reached the other side: the first question of every failure.
    `retry_after` is the other side's wish, in seconds; `asked` the model that was asked, where one was.
    """

    kind: ClassVar[str] = "broken"
    asked: str = ""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        expected: str = "",
        hint: str = "",
        sent: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(what, where=where, expected=expected, hint=hint)
        self.sent = sent
        self.retry_after = retry_after


class TimedOut(Failure):
    """No answer in time."""

    kind = "timeout"


class RateLimited(Failure):
    """The other side asks for fewer requests."""

    kind = "rate_limited"


class Unavailable(Failure):
    """The other side could not be reached, or broke."""

    kind = "unavailable"


class InvalidOutput(Failure):
    """A reply, or the arguments for a tool, do not have the form that was asked for."""

    kind = "invalid_output"


class BadReasoning(Failure):
    """A verifier rejects the work, or there is no progress."""

    kind = "bad_reasoning"


class LowConfidence(Failure):
    """The work is done and nobody vouches for it; a person looks."""

    kind = "low_confidence"


class PermissionDenied(Failure):
    """Policy does not allow it."""

    kind = "permission_denied"


class Denied(PermissionDenied):
    """A person said no, or nobody wants it any more."""


class StaleWorld(Failure):
    """A precondition no longer holds."""

    kind = "stale_world"


class BudgetExceeded(Failure):
    """A cap would be passed. Nothing was sent. `until` is when the window of the account ends, in microseconds since
    1970; None where it has none: waiting does not help. `alone` tells that it is the account of one item: about others
    may still be asked."""

    kind = "budget_exceeded"

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        expected: str = "",
        hint: str = "",
        sent: bool = False,
        retry_after: float | None = None,
        until: int | None = None,
        alone: bool = False,
    ) -> None:
        super().__init__(what, where=where, expected=expected, hint=hint, sent=sent, retry_after=retry_after)
        self.until, self.alone = until, alone


class Unpriced(BudgetExceeded):
    """Nobody wrote what the model costs, and Platos does not guess. Nothing was sent."""


class Frozen(BudgetExceeded):
    """A call on the account cost more than its worst case, and nobody has looked yet. Nothing was sent."""


class AuthFailed(Failure):
    """The provider does not accept the key."""

    kind = "auth"


class BillingFailed(Failure):
    """The provider wants to be paid first."""

    kind = "billing"


class InDoubt(Failure):
    """Something was sent that must not be sent twice, and no answer is known."""

    kind = "in_doubt"


class Broken(Failure):
    """Anything else."""

    kind = "broken"


class TooLong(Broken):
    """A question's input might pass the ceiling that was set for it. Nothing was sent."""


FAILURES: dict[str, type[Failure]] = {
    kind.kind: kind
    for kind in (
        TimedOut,
        RateLimited,
        Unavailable,
        InvalidOutput,
        BadReasoning,
        LowConfidence,
        PermissionDenied,
        StaleWorld,
        BudgetExceeded,
        AuthFailed,
        BillingFailed,
        InDoubt,
        Broken,
    )
}
"""Failure classes by their `kind`, to bring a recorded failure back."""
