"""What is missed: audits are drawn with the chances that they say, and the intervals hold as often as they say."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.audit import Audits, Stratum
from platos.core.misses import Answers, Passed, chances, miss_rate, missed

Recorder = Callable[[str, int], None]

SIZES = st.dictionaries(
    st.text(min_size=1, max_size=3), st.tuples(st.sampled_from(Stratum), st.integers(1, 500)), min_size=1, max_size=6
)


class World(NamedTuple):
    """What is dismissed near the cut and far from it, and what is let through: items, and true signals among them."""

    near: tuple[int, int]
    far: tuple[int, int]
    passed: tuple[int, int]

    @property
    def missed(self) -> float:
        lost = self.near[1] + self.far[1]
        return lost / (lost + self.passed[1]) if lost else 0.0


WORLDS = {
    "nothing is missed": World((200, 0), (800, 0), (60, 50)),
    "a little, near the cut": World((200, 3), (800, 0), (60, 50)),
    "far from it": World((200, 0), (2000, 4), (60, 50)),
    "a lot": World((300, 40), (3000, 60), (100, 60)),
    "few items at all": World((10, 1), (40, 1), (8, 5)),
}


def audit(world: World, share: float, chance: Random) -> Answers:
    """Draw from what was dismissed, and look."""
    sizes = {"near": (Stratum.NEAR, world.near[0]), "far": (Stratum.FAR, world.far[0])}
    each = chances(sizes, Audits(share=share, at_least=1, at_most=10_000))
    drawn: list[tuple[float, bool]] = []
    for place, (items, signals) in (("near", world.near), ("far", world.far)):
        true = [True] * signals + [False] * (items - signals)
        drawn += [(1 / each[place], signal) for signal in true if chance.random() < each[place]]
    weights = [weight for weight, _ in drawn]
    return Answers(
        items=world.near[0] + world.far[0],
        answered=len(drawn),
        weight=sum(weights),
        squares=sum(weight**2 for weight in weights),
        signals=sum(weight for weight, signal in drawn if signal),
    )


@given(SIZES, st.floats(0, 1), st.integers(0, 5), st.integers(0, 50))
def test_chances_add_up_to_what_is_asked_for(
    sizes: dict[str, tuple[Stratum, int]], share: float, least: int, most: int
) -> None:
    total = sum(size for _, size in sizes.values())
    asked = min(total, max(least, min(most, round(share * total))))
    each = chances(sizes, Audits(share=share, at_least=least, at_most=most))
    assert sum(each[place] * size for place, (_, size) in sizes.items()) == pytest.approx(asked)
    assert all(0 <= chance <= 1 for chance in each.values())


@given(SIZES, st.floats(0.01, 1))
def test_near_the_cut_no_item_is_drawn_less_often_than_far_from_it(
    sizes: dict[str, tuple[Stratum, int]], share: float
) -> None:
    each = chances(sizes, Audits(share=share, at_most=10_000))
    near = [each[place] for place, (stratum, _) in sizes.items() if stratum is Stratum.NEAR]
    far = [each[place] for place, (stratum, _) in sizes.items() if stratum is Stratum.FAR]
    assert not near or not far or min(near) >= max(far)


@pytest.mark.parametrize("name", WORLDS)
@pytest.mark.parametrize("share", [0.02, 0.1, 0.5])
def test_the_interval_holds_the_true_miss_rate_as_often_as_it_says(
    name: str, share: float, record_cases: Recorder
) -> None:
    world, chance, held, rounds = WORLDS[name], Random(name), 0, 300
    for _ in range(rounds):
        passed = Passed(world.passed[0], world.passed[0], world.passed[1])
        low, high = miss_rate([audit(world, share, chance)], passed).interval
        held += low <= world.missed <= high
    record_cases("audited worlds", rounds)
    assert held / rounds >= 0.93


def test_the_estimate_is_right_on_average() -> None:
    world, chance = WORLDS["a lot"], Random(1)
    estimates = [missed(audit(world, 0.2, chance))[0] for _ in range(400)]
    assert sum(estimates) / len(estimates) == pytest.approx(100, rel=0.05)


def test_an_estimate_that_forgets_the_chances_is_caught() -> None:
    """Planted: each answer counts for one. What was looked for more densely is then seen more often."""
    world, chance = World((200, 40), (1800, 0), (60, 50)), Random(1)
    found = []
    for _ in range(200):
        answers = audit(world, 0.2, chance)
        signals = round(answers.signals * 200 / 1800)
        found.append(missed(answers._replace(weight=answers.answered, signals=signals, squares=answers.answered))[0])
    assert sum(found) / len(found) != pytest.approx(40, rel=0.05)


def test_without_an_answer_anything_may_be_missed() -> None:
    nothing = Answers(items=500, answered=0, weight=0, squares=0, signals=0)
    share, (low, high) = miss_rate([nothing], Passed(20, 20, 10))
    assert (share, low, high > 0.97) == (0.0, 0.0, True)


def test_each_tier_has_its_part_of_the_misses() -> None:
    clean = Answers(items=100, answered=50, weight=100, squares=200, signals=0)
    leaky = Answers(items=100, answered=50, weight=100, squares=200, signals=10)
    passed = Passed(90, 90, 90)
    both = miss_rate([clean, leaky], passed)
    assert both.share == pytest.approx(0.1)
    assert miss_rate([clean, leaky], passed, of=leaky).share == pytest.approx(0.1)
    assert miss_rate([clean, leaky], passed, of=clean).share == 0.0
    assert miss_rate([clean, leaky], passed, of=clean).interval.high < both.interval.high


def test_what_nobody_labelled_of_what_was_let_through_widens_the_interval() -> None:
    leaky = Answers(items=100, answered=50, weight=100, squares=200, signals=10)
    known, unknown = Passed(90, 90, 60), Passed(90, 30, 20)
    narrow, wide = (miss_rate([leaky], passed).interval for passed in (known, unknown))
    assert wide.low < narrow.low
    assert narrow.high < wide.high


def test_two_tiers_whose_audits_came_out_alike_are_still_two() -> None:
    one, other = (Answers(items=100, answered=50, weight=100.0, squares=200.0, signals=10.0) for _ in range(2))
    passed = Passed(80, 80, 80)
    assert miss_rate([one, other], passed).share == pytest.approx(0.2)
    assert miss_rate([one, other], passed, of=one).share == pytest.approx(0.1)
