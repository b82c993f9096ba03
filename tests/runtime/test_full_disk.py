"""A full disk: what cannot be written is tried again patiently, and whoever asked is told why it is not done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos.core.effect import EffectClass
from platos.core.instant import HOUR, MINUTE
from platos.errors import StoreFull, Unavailable
from platos.runtime import meter
from platos.store import Store, accounts, steps
from platos.testing.workspace import SimulatedWorkspace

from .askers import asking, calls_of, priced

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


async def test_a_call_that_cannot_be_settled_yet_is_settled_later_and_not_made_again(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    full, transact = [1, 1, 1], Store.transact
    monkeypatch.setattr(meter, "_LOOK_AGAIN", 0.001)

    async def soon(store: Store, function: Any, *arguments: Any) -> Any:
        if function in (meter._settle, meter._settle_silence) and full:
            full.pop()
            raise StoreFull("the disk is full; nothing was written")
        return await transact(store, function, *arguments)

    monkeypatch.setattr(Store, "transact", soon)
    model = priced(4_000_000_000, Unavailable("the line broke", sent=True))
    simulated = asking(simulate, {"dear": model}, retry={"first": "1s"})
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(HOUR)
        calls = await calls_of(simulated)
        assert await accounts.held(simulated.store) == []
    assert [call.state for call in calls] == ["unknown", "answered"]
    assert (len(model.requests), full) == (2, [])
