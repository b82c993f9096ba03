"""Exit codes: what a shell learns of how a command ended. One table from the exception tree to the codes."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from platos import errors

__all__ = ["ExitCode", "exit_code", "exit_code_of", "worst"]


class ExitCode(IntEnum):
    """0 to 6; anything else comes from outside, a signal for one."""

    OK = 0
    RUN_FAILED = 1
    USAGE = 2
    CONFIGURATION = 3
    BUDGET = 4
    WAITING = 5
    UNREACHABLE = 6


_TABLE: tuple[tuple[type[errors.PlatosError], ExitCode], ...] = (
    (errors.UsageError, ExitCode.USAGE),
    (errors.NotFound, ExitCode.USAGE),
    (errors.InvalidTransition, ExitCode.USAGE),
    (errors.ConfigurationError, ExitCode.CONFIGURATION),
    (errors.StoreError, ExitCode.UNREACHABLE),
    (errors.Unreachable, ExitCode.UNREACHABLE),
    (errors.BudgetExceeded, ExitCode.BUDGET),
    (errors.LowConfidence, ExitCode.WAITING),
    (errors.InDoubt, ExitCode.WAITING),
    (errors.TimedOut, ExitCode.UNREACHABLE),
    (errors.RateLimited, ExitCode.UNREACHABLE),
    (errors.Unavailable, ExitCode.UNREACHABLE),
    (errors.AuthFailed, ExitCode.UNREACHABLE),
    (errors.BillingFailed, ExitCode.UNREACHABLE),
    (errors.PlatosError, ExitCode.RUN_FAILED),
)
"""The first line that fits decides."""

_WORST_FIRST = (
    ExitCode.RUN_FAILED,
    ExitCode.UNREACHABLE,
    ExitCode.CONFIGURATION,
    ExitCode.BUDGET,
    ExitCode.WAITING,
)


def exit_code(error: errors.PlatosError) -> ExitCode:
    """The code for an error that ended a command."""
    return _of_class(type(error))


def exit_code_of(kind: str) -> ExitCode:
    """The code for a failure that a run recorded, by its `kind`."""
    return _of_class(errors.FAILURES.get(kind, errors.Broken))


def worst(codes: Iterable[ExitCode]) -> ExitCode:
    """The one to report where several things ended differently."""
    found = set(codes)
    return next((code for code in _WORST_FIRST if code in found), ExitCode.OK)


def _of_class(cls: type[errors.PlatosError]) -> ExitCode:
    return next(code for error, code in _TABLE if issubclass(cls, error))
