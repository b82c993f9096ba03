"""Jumps: what a machine's clock did other than go on. It was suspended with the machine, or somebody set it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from platos.core.instant import SECOND, Instant, Span

__all__ = ["LEAST_JUMP", "Jump", "JumpKind", "Reading", "jumps_between"]

LEAST_JUMP: Span = 5 * SECOND
"""What differs by less is no jump: clocks are slewed, leap seconds are stepped, and two readings are not one moment."""


class JumpKind(StrEnum):
    """What happened. Where a machine cannot tell a sleep from a clock that was set, it says so."""

    SUSPENDED = "suspended"
    SET_FORWARD = "set forward"
    SET_BACK = "set back"
    UNCLEAR = "suspended or set forward"


class Reading(NamedTuple):
    """Three clocks at one moment, in microseconds.

    `wall` is what people read and set. `awake` cannot be set, and stands still while the machine is suspended;
    `passed` cannot be set either and goes on meanwhile: None where the machine has no such clock.
    """

    wall: Instant
    awake: Span
    passed: Span | None = None


class Jump(NamedTuple):
    """The clock showed `before`, and then `after`."""

    before: Instant
    after: Instant
    what: JumpKind


def jumps_between(before: Reading, after: Reading) -> tuple[Jump, ...]:
    """What happened to the wall clock between two readings: a suspend, then a setting, where it was both."""
    clock = before.wall + after.awake - before.awake
    found = []
    if (slept := _slept(before, after)) >= LEAST_JUMP:
        found.append(Jump(clock, clock + slept, JumpKind.SUSPENDED))
        clock += slept
    if after.wall - clock >= LEAST_JUMP:
        found.append(Jump(clock, after.wall, JumpKind.UNCLEAR if after.passed is None else JumpKind.SET_FORWARD))
    elif clock - after.wall >= LEAST_JUMP:
        found.append(Jump(clock, after.wall, JumpKind.SET_BACK))
    return tuple(found)


def _slept(before: Reading, after: Reading) -> Span:
    if before.passed is None or after.passed is None:
        return 0
    return (after.passed - before.passed) - (after.awake - before.awake)
