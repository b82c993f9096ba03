"""Where headroom is short: a shorter answer, then the cheaper model, then nothing; and what was chosen is recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from platos.core.event import BudgetRefused
from platos.core.money import NANO
from platos.core.state import State
from platos.store.accounts import Call
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

from .askers import asking, calls_of, priced
from .workers import drop_one

Simulate = Callable[..., SimulatedWorkspace]

WANTED = 2_000
"""Tokens of output that a question of a run asks for: $0.008 of the dear model, $0.0008 of the cheap one."""


async def asked(simulate: Simulate, cap: Any, **changes: Any) -> tuple[list[Call], State, Scripted, Scripted]:
    """The calls of a run under that cap, where it came to, and the two models that it may ask."""
    dear, cheap = priced(), priced(4 * NANO // 10)
    simulated = asking(simulate, {"dear": dear, "cheap": cheap}, budget={"run": cap}, **changes)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.wake("watch", by="person:test")
        [run] = await simulated.runs()
        return await calls_of(simulated), run.state, dear, cheap


async def test_a_call_that_fits_is_made_as_it_was_wanted(simulate: Simulate) -> None:
    [call], _, _, cheap = await asked(simulate, "0.01")
    assert (call.model, call.max_output, call.instead) == ("dear", WANTED, "")
    assert cheap.requests == []


async def test_where_headroom_is_short_a_shorter_answer_is_asked_for(simulate: Simulate) -> None:
    [call], state, dear, cheap = await asked(simulate, "0.005")
    assert state is State.SUCCESS
    assert call.model == "dear"
    assert WANTED // 4 <= call.max_output < WANTED
    assert 0 <= 5_000_000 - call.amount < 4_000
    assert [request.max_output for request in dear.requests] == [call.max_output]
    assert cheap.requests == []


async def test_where_not_even_the_shortest_fits_the_cheaper_model_is_asked_in_full(simulate: Simulate) -> None:
    [call], state, dear, cheap = await asked(simulate, "0.0018")
    assert (state, call.model, call.max_output) == (State.SUCCESS, "cheap", WANTED)
    assert (len(dear.requests), len(cheap.requests)) == (0, 1)


async def test_the_cheaper_models_answer_is_made_shorter_too(simulate: Simulate) -> None:
    [call], state, dear, _ = await asked(simulate, "0.0004")
    assert (state, call.model) == (State.SUCCESS, "cheap")
    assert WANTED // 4 <= call.max_output < WANTED
    assert dear.requests == []


async def test_where_nothing_fits_it_stops_and_nothing_is_sent(simulate: Simulate) -> None:
    calls, state, dear, cheap = await asked(simulate, "0.0001")
    assert (calls, state) == ([], State.FAILED)
    assert dear.requests == cheap.requests == []


async def test_what_was_wanted_and_too_dear_is_recorded_with_what_was_asked(simulate: Simulate) -> None:
    for cap in ("0.005", "0.0018"):
        [call], *_ = await asked(simulate, cap)
        assert call.instead == "dear, 2,000 tokens of output"


async def test_headroom_in_tokens_makes_an_answer_shorter_as_well(simulate: Simulate) -> None:
    [call], _, dear, _ = await asked(simulate, {"usd": 1, "tokens": 1_000})
    bound = dear.input_bound(dear.requests[0])
    assert (call.model, call.max_output) == ("dear", 1_000 - bound)


async def test_a_refusal_is_told_with_what_the_cheapest_call_would_have_needed(simulate: Simulate) -> None:
    simulated = asking(simulate, {"dear": priced(), "cheap": priced(4 * NANO // 10)}, budget={"run": "0.0001"})
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.wake("watch", by="person:test")
        [told] = [event for event in await simulated.events("r1") if isinstance(event, BudgetRefused)]
    assert told.account == "run/1"
    assert 100_000 < WANTED // 4 * 400 < told.needed < 300_000
