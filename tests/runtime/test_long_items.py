"""An item that no model reads at once is read to its end, whatever happens meanwhile, and bears out what is claimed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from platos.core.instant import MINUTE
from platos.core.state import Outcome
from platos.ports.model import ModelRequest, Terms
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

LINES = [f"An advisory on pump {number}." for number in range(2_000)]
WINDOW = 10_000
STRETCHES = 4


def reading(request: ModelRequest) -> str:
    """A model that takes down the last line of what it is shown, and refuses what its window does not hold."""
    assert sum(len(each.text) for each in request.documents) < WINDOW * 4
    line = request.documents[-1].text.splitlines()[-1]
    claims = [{"text": line, "source": request.documents[-1].id, "quote": line}]
    return json.dumps({"title": "Pumps", "claims": claims, "note": "", "conflicts": []})


@pytest.fixture
def desk(simulate: Simulate) -> Callable[[], tuple[SimulatedWorkspace, Scripted]]:
    def make() -> tuple[SimulatedWorkspace, Scripted]:
        model = Scripted(reading, terms=Terms("scripted", window=WINDOW))
        models = {"small": "scripted", "frontier": "scripted"}
        return simulate(models=models, policy={"outbox": 0}, parts={("model", "scripted"): model}), model

    return make


async def drop(simulated: SimulatedWorkspace) -> None:
    await simulated.drop("inbox/long.txt", "\n".join(LINES))


async def test_it_is_read_to_its_end_and_every_claim_stands_in_it(desk: Any) -> None:
    simulated, model = desk()
    await drop(simulated)
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [run] = await simulated.runs()
    assert run.outcome is Outcome.DONE
    assert len(model.requests) == STRETCHES + 1
    [delivered] = (simulated.workspace.root / "outbox").iterdir()
    assert f"> {LINES[-1]}" in delivered.read_text("utf-8")


async def test_cut_off_anywhere_no_stretch_is_read_twice_but_the_one_under_way(
    desk: Any, power_cut: Any, record_cases: Callable[[str, int], None]
) -> None:
    simulated, _ = desk()
    await drop(simulated)
    with power_cut(10**6) as cut:
        async with simulated.up():
            await simulated.live(15 * MINUTE)
    cuts = range(3, cut.writes, max(1, cut.writes // 6))
    for number in cuts:
        simulated, model = desk()
        await drop(simulated)
        with power_cut(number):
            async with simulated.up():
                await simulated.live(2 * MINUTE)
        async with simulated.up():
            await simulated.live(30 * MINUTE)
            [run] = await simulated.runs()
        assert run.outcome is Outcome.DONE, number
        assert STRETCHES + 1 <= len(model.requests) <= STRETCHES + 2
    record_cases("crashes", len(cuts))
