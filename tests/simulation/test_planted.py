"""Planted: the bugs that the weeks must find, each within so many seeds. One function of the product is replaced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from platos.core.effect import EffectClass, Recovery
from platos.core.event import AnyEvent, StepMoved
from platos.core.instant import Instant
from platos.core.item import Item
from platos.core.schedule import Missed
from platos.core.step import StepKey
from platos.runtime import effects as calling
from platos.runtime import meter, verify
from platos.runtime.verify import Ending
from platos.store import Tx, items, occurrences, specialists, steps
from tests.simulation.invariants.every import check_week
from tests.simulation.loop import Deadlock
from tests.simulation.week import Week

LiveWeek = Callable[[int], Week]
Plant = tuple[Any, str, Callable[..., Any]]

SEEDS = 30


def claim_unguarded(tx: Tx, name: str, *, due: Instant, slot: Instant, upcoming: Instant, quiet: bool = False) -> bool:
    """Whoever comes claims, also what somebody else has claimed."""
    statement = specialists.SQL.advance.replace("AND due = :due", "")
    count = {"quiet": int(quiet), "loud": int(not quiet)}
    return tx.execute(statement, name=name, slot=slot, next=upcoming, **count) == 1


def drop_some(tx: Tx, specialist: str, source: str, item: Item, *, digest: str, seen: Instant) -> int | None:
    """One item in eight is lost on the way to its table."""
    return None if int(digest[:8], 16) % 8 == 0 else ADD(tx, specialist, source, item, digest=digest, seen=seen)


def know_nothing(tx: Tx, specialist: str, source: str, item: Item, *, digest: str, seen: Instant) -> int | None:
    """What is told twice is stored twice."""
    return ADD(tx, specialist, source, item, digest=f"{seen}{digest}"[:64], seen=seen)


def settle_nothing(tx: Tx, *arguments: Any) -> None:
    """A call without an answer is forgotten, and its money stays held."""


def wait_for_nothing(waits: Any) -> Ending:
    """A run rests, and nothing will ever wake it."""
    return REST(waits)._replace(due=None, waits=())


def tell_nothing(tx: Tx, specialist: str, missed: tuple[Missed, ...], now: Instant) -> None:
    """Slots that were slept through leave no row."""


def forget_steps(told: list[AnyEvent]) -> Mapping[StepKey, StepMoved]:
    """What a run's steps came to is not found again."""
    return {}


def send_again(effect: EffectClass) -> Recovery:
    """Whatever was sent without an answer is sent again."""
    return Recovery.SEND_AGAIN


ADD, REST = items.add, verify._resting
PLANTS: dict[str, Plant] = {
    "a claim without its guard": (specialists, "advance", claim_unguarded),
    "an item that is dropped": (items, "add", drop_some),
    "a delivery that is not known again": (items, "add", know_nothing),
    "a settlement that is forgotten": (meter, "_settle_silence", settle_nothing),
    "a run that waits for nothing": (verify, "_resting", wait_for_nothing),
    "a slot that is given up in silence": (occurrences, "add_missed", tell_nothing),
    "a checkpoint that is forgotten": (steps, "last_words", forget_steps),
    "an act that is sent again blindly": (calling, "recovery_of", send_again),
}


@pytest.mark.parametrize("bug", PLANTS)
def test_the_weeks_find(live_week: LiveWeek, monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    owner, name, planted = PLANTS[bug]
    monkeypatch.setattr(owner, name, planted)
    assert any(finds(live_week, seed) for seed in range(SEEDS)), f"{SEEDS} weeks, and nobody noticed {bug}"


def finds(live_week: LiveWeek, seed: int) -> bool:
    try:
        check_week(live_week(seed))
    except (AssertionError, Deadlock):
        return True
    return False
