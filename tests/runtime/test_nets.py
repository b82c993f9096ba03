"""Any plan within bounds ends, whoever is first, and a crash at any write changes nothing of what it comes to."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from platos.core.effect import EffectClass
from platos.core.instant import HOUR
from platos.core.plan import FanOut, Node, Single, children
from platos.core.step import StepKey
from platos.runtime.node.life import Life
from platos.testing.workspace import SimulatedWorkspace
from tests.runtime.nets import Came, Chance, came_to, draw_plan, drop, net

Simulate = Callable[..., SimulatedWorkspace]
RecordCases = Callable[[str, int], None]

SLICE, EVERY = 12, 400
CUTS = 3


async def lived(simulated: SimulatedWorkspace) -> Came:
    """What it came to, where a person lets pass what is to be done with work that a critic never accepted."""
    async with simulated.up():
        await simulated.live(HOUR)
        while waiting := await simulated.open_gates():
            await simulated.approve(waiting[0])
        return await came_to(simulated)


def plan(seed: int) -> Node:
    return draw_plan(seed)


async def check_interleavings(simulate: Simulate, machine: Any, seed: int) -> int:
    """However long its steps take, a net comes to the same."""
    found = set()
    for takes in (Chance(), Chance(seed, 5), Chance(seed + 1, 40)):
        simulated = net(simulate, plan(seed), machine(EffectClass.KEYED), takes)
        await drop(simulated, 1 + seed % 3)
        found.add(await lived(simulated))
    assert len(found) == 1, f"seed {seed}: {found}"
    assert next(iter(found)).state in ("success", "failed"), f"seed {seed}: it did not end"
    return 3


async def check_crashes(simulate: Simulate, machine: Any, power_cut: Any, seed: int, *, every: bool = False) -> int:
    """Cut off at a write and started again, a net comes to the same, and its tool has done each act once."""
    expected, acts, writes = await _whole(simulate, machine, power_cut, seed)
    numbers = range(1, writes + 1)
    for number in numbers if every else sorted(random.Random(seed).sample(numbers, min(CUTS, writes))):
        world = machine(EffectClass.KEYED)
        simulated = net(simulate, plan(seed), world, Chance(seed, 5))
        await drop(simulated, 1 + seed % 3)
        with power_cut(number):
            await lived(simulated)
        assert await lived(simulated) == expected, f"seed {seed}, cut at write {number}"
        assert sorted(world.applied) == acts, f"seed {seed}, cut at write {number}"
    return len(numbers) if every else min(CUTS, writes)


async def _whole(simulate: Simulate, machine: Any, power_cut: Any, seed: int) -> tuple[Came, list[str], int]:
    world = machine(EffectClass.KEYED)
    simulated = net(simulate, plan(seed), world, Chance(seed, 5))
    await drop(simulated, 1 + seed % 3)
    with power_cut(1_000_000) as power:
        came = await lived(simulated)
    return came, sorted(world.applied), power.writes


def test_the_plans_that_are_tried_are_of_every_shape() -> None:
    def shapes(node: Node) -> set[str]:
        found = {f"{type(node).__name__} {getattr(node, 'over', '')} {getattr(node, 'actor', '')}".strip()}
        return found.union(*(shapes(child) for child in children(node)))

    seen = set().union(*(shapes(plan(seed)) for seed in range(SLICE)))
    assert {"Sequence", "Loop", "FanOut items", "FanOut claims"} <= seen
    assert {f"Single  {actor}" for actor in ("steady", "acting", "growing", "failing", "judging")} <= seen


@pytest.mark.parametrize("seed", range(SLICE))
async def test_a_net_comes_to_the_same_however_long_its_steps_take(
    simulate: Simulate, make_machine: Any, record_cases: RecordCases, seed: int
) -> None:
    record_cases("interleaved nets", await check_interleavings(simulate, make_machine, seed))


@pytest.mark.parametrize("seed", range(SLICE))
async def test_a_net_that_is_cut_off_comes_to_the_same(
    simulate: Simulate, make_machine: Any, power_cut: Any, record_cases: RecordCases, seed: int
) -> None:
    record_cases("nets cut off", await check_crashes(simulate, make_machine, power_cut, seed))


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.parametrize("first", range(SLICE, EVERY, 10))
async def test_every_net_comes_to_the_same_cut_off_at_every_write(
    simulate: Simulate, make_machine: Any, power_cut: Any, record_cases: RecordCases, first: int
) -> None:
    for seed in range(first, first + 10):
        record_cases("interleaved nets", await check_interleavings(simulate, make_machine, seed))
        record_cases("nets cut off", await check_crashes(simulate, make_machine, power_cut, seed, every=seed < 60))


async def test_branches_that_shared_their_checkpoints_would_be_seen(
    simulate: Simulate, make_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The planted bug: instance paths without the item of the branch."""
    root = FanOut(name="each", body=Single(name="work", actor="steady"))
    next_key = Life.next_key

    def planted(life: Life, name: str) -> StepKey:
        return next_key(life, name)._replace(path="each/work")

    monkeypatch.setattr(Life, "next_key", planted)
    simulated = net(simulate, root, make_machine(EffectClass.KEYED))
    await drop(simulated, 3)
    assert (await lived(simulated)).outcome != "done"
