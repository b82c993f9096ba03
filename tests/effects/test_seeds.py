"""Random acts: classes, shapes, words, faults on the wire and cuts at any transaction or wake-up, drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from platos.core.effect import EffectClass, Recovery
from platos.runtime.effects import call as calling
from tests.effects.lives import Actor, Knife, Planner, live, live_in
from tests.effects.world import WIRE, World
from tests.simulation.loop import SimulatedLoop

RecordCases = Callable[[str, int], None]

SLICE, EVERY, SHARES = 20, 2_000, 20
_MOST_CUTS, _MOST_WRITES, _MOST_WAKES = 3, 40, 250


def live_seed(place: Path, seed: int) -> World:
    """What that seed draws, lived to its end and checked. Raises AssertionError that names the seed."""
    chance = random.Random(seed)
    wire = [chance.choice(("", *WIRE)) for _ in range(chance.randint(0, 3))]
    world = World(chance.choice(list(EffectClass)), wire)
    knife = Knife(world)
    shape, lost = chance.choice(("single", "parallel", "row")), chance.choice((0, 0, 1, 2))
    simulated = live_in(
        place,
        world,
        knife,
        tier=chance.choice((0, 0, 2)),
        planner=Planner(shape),
        actor=Actor(chance.randint(1, 2), lost),
        items=chance.randint(1, 3),
    )
    cuts = chance.randint(0, _MOST_CUTS)

    def doom(loop: SimulatedLoop, life: int) -> bool:
        if life >= cuts:
            return False
        if chance.random() < 0.5:
            knife.writes = chance.randint(1, _MOST_WRITES)
        else:
            loop.strike(chance.randint(1, _MOST_WAKES), knife.strike)
        return True

    try:
        live(seed, simulated, knife, doom)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error
    return world


def live_all(place: Path, seeds: Iterable[int]) -> int:
    """All of them; how many deeds were done."""
    return sum(sum(live_seed(place, seed).done.values()) for seed in seeds)


@pytest.mark.parametrize("first", range(0, SLICE, 10))
def test_a_random_act_is_never_done_twice_or_in_silence(place: Path, record_cases: RecordCases, first: int) -> None:
    assert live_all(place, range(first, first + 10)) >= 10
    record_cases("random acts", 10)


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("share", range(SHARES))
def test_two_thousand_random_acts_are_never_done_twice_or_in_silence(
    place: Path, record_cases: RecordCases, share: int
) -> None:
    seeds = range(share, EVERY, SHARES)
    assert live_all(place, seeds) >= len(seeds)
    record_cases("random acts", len(seeds))


def test_an_act_that_is_sent_again_blindly_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "recovery_of", lambda _: Recovery.SEND_AGAIN)
    with pytest.raises(AssertionError, match=r"was done \d times"):
        live_all(place, range(40))


def test_an_act_that_is_another_one_in_other_words_is_found(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: the words are part of what makes an act that act."""
    monkeypatch.setattr(World, "once_per", ())
    with pytest.raises(AssertionError, match=r"was done \d times"):
        live_all(place, range(SLICE))
