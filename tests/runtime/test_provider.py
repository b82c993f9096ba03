"""A run whose model is a provider over real HTTP, faults included, from its wake-up to its gate."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from platos.core.instant import HOUR
from platos.core.state import State
from platos.store import accounts
from platos.testing.provider import FakeProvider, Turn, answers, cuts, fails, garbles
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]
MODEL = "openai/made-up"
TEXT = "An advisory. Version 4 is affected."
DRAFT = {
    "title": "Version 4 is affected",
    "claims": [{"text": "Version 4 is affected.", "source": "i1", "quote": "Version 4 is affected."}],
    "note": "",
}
GOOD = answers(json.dumps(DRAFT))
SETTINGS = """
[models."{model}"]
api_base = "{url}"
input_per_million = 1.0
output_per_million = 4.0
"""


async def worked(simulate: Simulate, *turns: Turn) -> tuple[State, list[accounts.Call], int]:
    """Where the run is after an hour, what it was charged, and how many requests the provider saw."""
    async with FakeProvider(*turns) as provider:
        simulated = simulate(
            models={"small": "offline", "frontier": MODEL}, settings=SETTINGS.format(model=MODEL, url=provider.url)
        )
        await simulated.drop("inbox/note.txt", TEXT)
        async with simulated.up():
            await simulated.live(HOUR)
            [run] = await simulated.runs()
            return run.state, await accounts.calls_of_run(simulated.store, run.id), len(provider.requests)


async def test_an_answer_leads_to_the_gate_and_is_charged_as_the_provider_counted(simulate: Simulate) -> None:
    state, [call], requests = await worked(simulate, GOOD)
    assert (state, requests, call.state) == (State.NEEDS_REVIEW, 1, "answered")
    assert call.charged == call.tokens_in * 1_000 + call.tokens_out * 4_000
    assert 0 < call.charged < call.amount


@pytest.mark.parametrize(
    ("fault", "charged"),
    [
        pytest.param(fails(429, retry_after=30), False, id="429"),
        pytest.param(fails(500, worked=True), True, id="500"),
        pytest.param(garbles(), True, id="broken JSON"),
        pytest.param(cuts(), True, id="cut off"),
    ],
)
async def test_after_a_fault_the_step_is_tried_again_as_a_new_reservation(
    simulate: Simulate, fault: Turn, charged: bool
) -> None:
    """What the provider may have worked on is charged in full; what it turned away is not."""
    state, [first, second], requests = await worked(simulate, fault, GOOD)
    assert (state, requests) == (State.NEEDS_REVIEW, 2)
    assert first.charged == (first.amount if charged else 0)
    assert second.state == "answered"


async def test_a_reply_in_the_wrong_form_is_charged_and_repaired(simulate: Simulate) -> None:
    state, calls, requests = await worked(simulate, answers('{"title": 7}'), GOOD)
    assert (state, requests) == (State.NEEDS_REVIEW, 2)
    assert [call.state for call in calls] == ["answered", "answered"]


async def test_a_key_that_is_not_accepted_stops_the_calls(simulate: Simulate) -> None:
    state, [call], requests = await worked(simulate, fails(401))
    assert (state, requests) == (State.PENDING, 1)
    assert call.charged == 0
