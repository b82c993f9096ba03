"""A call over its worst case is recorded in full, and its specialist spends nothing until a person has looked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos.core.event import AccountFrozen, AccountThawed
from platos.core.instant import DAY
from platos.core.item import ItemState
from platos.core.state import State
from platos.errors import NotFound
from platos.store import accounts
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

from .askers import asking, calls_of, costing, priced
from .workers import drop_one

Simulate = Callable[..., SimulatedWorkspace]

FROZEN = "specialist/watch"
OVER = costing(10_000)
"""Costs $0.04 where $0.008 and a little was the worst case."""


def surprised(simulate: Simulate, *turns: Any, **changes: Any) -> tuple[SimulatedWorkspace, Scripted]:
    """A specialist whose first call costs more than it may."""
    model = priced(4_000_000_000, OVER, *turns)
    return asking(simulate, {"dear": model}, **changes), model


async def wake(simulated: SimulatedWorkspace, item: str, name: str = "watch") -> None:
    await drop_one(simulated, item)
    await simulated.engine.wake(name, by="person:test")


async def thaw(simulated: SimulatedWorkspace) -> None:
    await simulated.store.transact(accounts.thaw, FROZEN, "person:ana", simulated.clock.now())


async def test_it_is_charged_in_full_and_the_accounts_are_in_excess(simulate: Simulate) -> None:
    simulated, _ = surprised(simulate, budget={"day": "0.01"})
    async with simulated.up():
        await wake(simulated, "first")
        [call] = await calls_of(simulated)
        [account] = [row for row in await accounts.every(simulated.store) if row.name.startswith(FROZEN)]
    assert (call.state, call.charged) == ("answered", 40_000_000)
    assert call.amount < 10_000_000
    assert (account.spent, account.reserved, account.cap, account.excess) == (40_000_000, 0, 10_000_000, 30_000_000)


async def test_its_answer_is_used_all_the_same(simulate: Simulate) -> None:
    simulated, _ = surprised(simulate)
    async with simulated.up():
        await wake(simulated, "first")
        assert [run.state for run in await simulated.runs()] == [State.SUCCESS]


async def test_the_specialists_account_is_frozen_with_what_happened(simulate: Simulate) -> None:
    simulated, _ = surprised(simulate)
    async with simulated.up():
        await wake(simulated, "first")
        [row] = await accounts.frozen(simulated.store)
        told = [event for event in await simulated.events("system") if isinstance(event, AccountFrozen)]
    assert (row.account, [event.account for event in told]) == (FROZEN, [FROZEN])
    assert row.why.startswith("a call of dear cost $0.04 where $0.008")


async def test_its_next_run_asks_nobody_and_waits_for_a_person(simulate: Simulate) -> None:
    simulated, model = surprised(simulate)
    async with simulated.up():
        await wake(simulated, "first")
        await wake(simulated, "second")
        run = (await simulated.runs())[1]
    assert run.state is State.NEEDS_REVIEW
    assert "platos thaw specialist/watch" in run.why
    assert len(model.requests) == 1


async def test_also_tomorrow(simulate: Simulate) -> None:
    simulated, model = surprised(simulate)
    async with simulated.up():
        await wake(simulated, "first")
        await simulated.live(DAY)
        await wake(simulated, "second")
    assert len(model.requests) == 1


async def test_other_specialists_go_on(simulate: Simulate) -> None:
    simulated, model = surprised(simulate, others={"second": {}})
    async with simulated.up():
        await wake(simulated, "first")
        await wake(simulated, "first", "second")
        assert [run.state for run in await simulated.runs()] == [State.SUCCESS, State.SUCCESS]
    assert len(model.requests) == 2


async def test_once_it_is_thawed_the_next_run_goes_through(simulate: Simulate) -> None:
    simulated, model = surprised(simulate)
    async with simulated.up():
        await wake(simulated, "first")
        await thaw(simulated)
        await wake(simulated, "second")
        assert [run.state for run in await simulated.runs()] == [State.SUCCESS, State.SUCCESS]
        [told] = [event for event in await simulated.events("system") if isinstance(event, AccountThawed)]
    assert (told.account, told.by) == (FROZEN, "person:ana")
    assert len(model.requests) == 2


async def test_once_it_is_thawed_a_run_that_waited_goes_on_when_it_is_taken_up(simulate: Simulate) -> None:
    simulated, _ = surprised(simulate)
    async with simulated.up() as engine:
        await wake(simulated, "first")
        await wake(simulated, "second")
        await thaw(simulated)
        await engine.retry(2, by="person:ana")
        await engine.rest()
        assert (await simulated.runs())[1].state is State.SUCCESS


async def test_what_is_not_frozen_is_not_thawed(simulate: Simulate) -> None:
    simulated, _ = surprised(simulate)
    async with simulated.up():
        with pytest.raises(NotFound, match="no such account is frozen"):
            await thaw(simulated)


async def test_a_frozen_specialists_items_wait_and_are_judged_once_it_is_thawed(simulate: Simulate) -> None:
    verdict = '{"signal": false, "confidence": 0.9, "reason": "It is not asked for."}'
    over = OVER.__class__(text=verdict, usage=OVER.usage, served="scripted")
    model = Scripted([over, verdict])
    models = {"small": "scripted", "frontier": "offline"}
    simulated = simulate(triage=["model"], models=models, parts={("model", "scripted"): model})
    async with simulated.up():
        await wake(simulated, "first")
        await wake(simulated, "second")
        assert len((await simulated.items("watch"))[ItemState.WAITING]) == 1
        await thaw(simulated)
        await simulated.live(2 * DAY)
        assert len((await simulated.items("watch"))[ItemState.DISMISSED]) == 2
    assert len(model.requests) == 2
