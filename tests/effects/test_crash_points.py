"""Seven places to be cut off, five things that become of a request, four classes: nothing twice, nothing in silence."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest

from platos.core.effect import EffectClass, EffectState, Recovery
from platos.errors import PermissionDenied
from platos.runtime import net as net
from platos.runtime.effects import call as calling
from tests.effects.lives import POINTS, Actor, Knife, Planner, live, live_in
from tests.effects.world import WIRE, World

CASES = list(product(POINTS, WIRE, EffectClass))
SLICE = 4


def live_case(place: Path, point: str, wire: str, effect: EffectClass) -> World:
    """The case, lived to its end and checked."""
    world = World(effect, [wire])
    knife = Knife(world, point)
    twice = wire == "delivered twice"
    planner = Planner("parallel" if twice else "single")
    simulated = live_in(place, world, knife, tier=2, planner=planner, actor=Actor(), items=1 + twice)
    live(0, simulated, knife)
    assert knife.met or (effect is EffectClass.ONCE and "receipt" in point), f"it never came to {point}"
    return world


@pytest.mark.parametrize("at", range(SLICE))
def test_some_acts_that_are_cut_off_and_meet_a_fault(
    place: Path, record_cases: Callable[[str, int], None], at: int
) -> None:
    """One in four, of every point, fault and class."""
    chosen = [case for number, case in enumerate(CASES) if (number + number // 4) % SLICE == 0][at::SLICE]
    for case in chosen:
        live_case(place, *case)
    record_cases("acts cut off", len(chosen))


@pytest.mark.exhaustive
@pytest.mark.parametrize("point", POINTS)
def test_every_act_that_is_cut_off_and_meets_a_fault(
    place: Path, record_cases: Callable[[str, int], None], point: str
) -> None:
    for _, wire, effect in (case for case in CASES if case[0] == point):
        live_case(place, point, wire, effect)
    record_cases("acts cut off", len(WIRE) * len(EffectClass))


@pytest.mark.parametrize("effect", [EffectClass.PROBED, EffectClass.ONCE])
def test_an_act_that_is_sent_again_blindly_is_caught(
    place: Path, monkeypatch: pytest.MonkeyPatch, effect: EffectClass
) -> None:
    monkeypatch.setattr(calling, "recovery_of", lambda _: Recovery.SEND_AGAIN)
    with pytest.raises(AssertionError, match="was done 2 times"):
        live_case(place, "before the reply", "reply lost", effect)


@pytest.mark.parametrize("effect", [EffectClass.PROBED, EffectClass.ONCE])
def test_an_act_that_is_done_in_silence_is_caught(
    place: Path, monkeypatch: pytest.MonkeyPatch, effect: EffectClass
) -> None:
    """Planted: where no answer came, the ledger is told that nothing was sent, and the run gives up."""

    async def hush(life: Any, call: Any, step: Any, failure: Any) -> NoReturn:
        await calling._move(life, call, EffectState.INTENT, "")
        raise PermissionDenied("given up")

    monkeypatch.setattr(calling, "_unanswered", hush)
    with pytest.raises(AssertionError, match="silent: deed 0 was done, and is intent"):
        live_case(place, "after the gate", "reply lost", effect)


def test_an_act_that_two_branches_send_at_once_is_caught(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: nobody holds the act while it is under way."""
    monkeypatch.setattr(net, "anyio", SimpleNamespace(Lock=nullcontext))
    with pytest.raises(AssertionError, match="was done 2 times"):
        live_case(place, "after the receipt", "delivered twice", EffectClass.PROBED)
