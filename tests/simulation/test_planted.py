"""Planted: the bugs that the weeks must find, each within so many seeds. One function of the product is replaced."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest

from platos.core.effect import EffectClass, Recovery
from platos.core.event import AnyEvent, StepMoved
from platos.core.instant import Instant
from platos.core.item import Item
from platos.core.schedule import Missed
from platos.core.step import StepKey
from platos.runtime import meter
from platos.runtime.effects import call as calling
from platos.runtime.effects import gate as gating
from platos.store import Tx, items, occurrences, specialists, steps
from platos.store.gates import GateRow
from tests.simulation.invariants.every import check_week
from tests.simulation.week import Week

LiveWeek = Callable[[int], Week]
Plant = tuple[Any, str, Callable[..., Any], str]

SEEDS = 30


def claim_unguarded(
    tx: Tx, name: str, *, slot: Instant, upcoming: Instant, since: Instant | None = None, **_: Any
) -> bool:
    """Whoever comes claims, also what somebody else has claimed, or what another schedule had."""
    statement = specialists.SQL.advance.replace("AND due = :due AND definition = :definition", "")
    return tx.execute(statement, name=name, slot=slot, next=upcoming, since=since or 0) == 1


def drop_some(tx: Tx, specialist: str, source: str, item: Item, *, digest: str, seen: Instant) -> int | None:
    """One item in eight is lost on the way to its table."""
    return None if int(digest[:8], 16) % 8 == 0 else ADD(tx, specialist, source, item, digest=digest, seen=seen)


def know_nothing(tx: Tx, specialist: str, source: str, item: Item, *, digest: str, seen: Instant) -> int | None:
    """What is told twice is stored twice."""
    again = msgspec.structs.replace(item, id=f"{item.id}-{seen}")
    return ADD(tx, specialist, source, again, digest=again.digest(), seen=seen)


def settle_nothing(tx: Tx, *arguments: Any) -> None:
    """A call without an answer is forgotten, and its money stays held."""


def answer_unheard(tx: Tx, gate: GateRow, answer: Any) -> None:
    """A person's answer is written down, and the run is not told: it waits for nothing."""


def tell_nothing(tx: Tx, specialist: str, missed: tuple[Missed, ...], now: Instant) -> None:
    """Slots that were slept through leave no row."""


def forget_steps(told: list[AnyEvent]) -> Mapping[StepKey, StepMoved]:
    """What a run's steps came to is not found again."""
    return {}


def send_again(effect: EffectClass) -> Recovery:
    """Whatever was sent without an answer is sent again."""
    return Recovery.SEND_AGAIN


ADD = items.add
PLANTS: dict[str, Plant] = {
    "a claim without its guard": (specialists, "advance", claim_unguarded, "was claimed where|ran twice"),
    "an item that is dropped": (items, "add", drop_some, "lost: "),
    "a delivery that is not known again": (items, "add", know_nothing, "stored twice"),
    "a settlement that is forgotten": (meter, "_settle_silence", settle_nothing, "nobody settles"),
    "a run that waits for nothing": (gating, "_go_on", answer_unheard, "waits for nothing"),
    "a slot that is given up in silence": (occurrences, "add_missed", tell_nothing, "nor is told why not"),
    "a checkpoint that is forgotten": (steps, "last_words", forget_steps, "and moved from|after its success"),
    "an act that is sent again blindly": (calling, "recovery_of", send_again, "effect was done 2 times"),
}
"""Where each stands, what replaces it, and what the weeks say then."""


@pytest.mark.parametrize("bug", PLANTS)
def test_the_weeks_find(live_week: LiveWeek, monkeypatch: pytest.MonkeyPatch, bug: str) -> None:
    owner, name, planted, told = PLANTS[bug]
    monkeypatch.setattr(owner, name, planted)
    assert any(re.search(told, said_of(live_week, seed)) for seed in range(SEEDS)), f"{SEEDS} weeks, and no {told!r}"


def said_of(live_week: LiveWeek, seed: int) -> str:
    """What is wrong with a week; nothing where nothing is."""
    try:
        check_week(live_week(seed))
    except AssertionError as error:
        return str(error)
    return ""
