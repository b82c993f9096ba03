"""A full disk: what cannot be written is tried again patiently, and whoever asked is told why it is not done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos.core.effect import EffectClass
from platos.core.instant import MINUTE
from platos.errors import StoreFull
from platos.store import Store, steps
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]
FillTheDisk = Callable[..., list[int]]

MOST_TRIES = 50


@pytest.fixture
def fill_the_disk(monkeypatch: pytest.MonkeyPatch) -> FillTheDisk:
    """`fill_the_disk(steps.put)`: from now on there is no room for these transactions, or for any. Their tries."""

    def fill(*functions: Any) -> list[int]:
        tries: list[int] = []
        transact = Store.transact

        async def full(store: Store, function: Any, *arguments: Any) -> Any:
            if functions and function not in functions:
                return await transact(store, function, *arguments)
            tries.append(1)
            if len(tries) > MOST_TRIES:
                pytest.fail("it tries again and again, and no time passes")
            raise StoreFull("the disk is full; nothing was written")

        monkeypatch.setattr(Store, "transact", full)
        return tries

    return fill


async def test_a_run_that_is_due_is_tried_patiently(
    simulate: Simulate, make_machine: Any, fill_the_disk: FillTheDisk
) -> None:
    changes = {"tools": ["machine"], "policy": {"machine": 0}, "done_when": [], "schedule": "0 8 * * *"}
    simulated = simulate(parts={("tool", "machine"): make_machine(EffectClass.KEYED, "before")}, **changes)
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(MINUTE + 1)
        [run] = await simulated.runs()
        assert run.due is not None
        tries = fill_the_disk()
        await simulated.live(5 * MINUTE)
    assert 1 <= len(tries) < MOST_TRIES


async def test_whoever_wakes_a_specialist_by_hand_is_told(simulate: Simulate, fill_the_disk: FillTheDisk) -> None:
    simulated = simulate()
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up() as engine:
        fill_the_disk(steps.put)
        with pytest.raises(StoreFull):
            await engine.wake("watch", by="person:ana")
