"""What the files of a workspace say that its status is told by.

`platos up` has read them already, and is asked: to load settings and parts takes longer than all the rest of a status.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from platos.core.budget import Account
from platos.core.instant import Instant
from platos.core.money import Nano
from platos.core.schedule import Schedule
from platos.core.specialist import Specialist
from platos.errors import PlatosError, Unreachable
from platos.runtime.control import Answer, ask
from platos.runtime.measures import Live
from platos.runtime.measures.accounts import in_force

if TYPE_CHECKING:
    from platos.app import App

__all__ = ["Described", "Standing", "ask_made", "ask_standing", "described", "standing_of"]


class Described(msgspec.Struct, frozen=True, kw_only=True):
    """A specialist as its file, or its template, says; with an `error` nothing else is known of it."""

    schedule: Schedule | None = None
    day_nano: Nano | None = 0
    triage_day_nano: Nano | None = 0
    error: str = ""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """The time in the zone of the workspace, the accounts that pay, every specialist that has a file, and what the
    process counts that told this: nothing where it is not `platos up`."""

    now: Instant
    zone: str
    paying: tuple[Account, ...]
    specialists: dict[str, Described]
    live: Live = Live()


def described(found: Specialist | PlatosError) -> Described:
    """What there is to know of one."""
    if not isinstance(found, Specialist):
        return Described(error=str(found))
    budget = found.budget
    return Described(schedule=found.schedule, day_nano=budget.day.usd, triage_day_nano=budget.triage_day.usd)


def standing_of(app: App, live: Live) -> Standing:
    """What the files say now. Blocking."""
    found, settings, now = app.definitions.scan(), app.settings.settings, app.clock.now()
    sound = [each for each in found.values() if isinstance(each, Specialist)]
    return Standing(
        now=now,
        zone=settings.zone,
        paying=tuple(in_force(sound, settings.common_budget(), now)),
        specialists={name: described(each) for name, each in found.items()},
        live=live,
    )


async def ask_standing(folder: Path) -> tuple[bool, Standing | None]:
    """Does `platos up` run on this state folder, and what does it say? Nothing where it does not know the question."""
    answer = await _ask(folder, "standing")
    if answer is None or answer.error is not None:
        return answer is not None, None
    return True, msgspec.convert(answer.result, type=Standing)


async def ask_made(folder: Path, names: Sequence[str]) -> dict[str, Described] | None:
    """What `platos up` says that templates make of these specialists; None where it does not."""
    answer = await _ask(folder, "made", names=names)
    if answer is None or answer.error is not None:
        return None
    return msgspec.convert(answer.result, type=dict[str, Described])


async def _ask(folder: Path, question: str, **arguments: Any) -> Answer | None:
    try:
        return await ask(folder, question, arguments)
    except Unreachable:  # it has just ended
        return None
