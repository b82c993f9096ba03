"""A call that cost more than its worst case freezes its specialist; a person looks, and thaws it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos.core.event import AccountFrozen, AccountThawed
from platos.core.instant import DAY, MINUTE
from platos.core.item import ItemState
from platos.core.money import Usage
from platos.core.state import Outcome, State
from platos.errors import NotFound
from platos.ports.model import ModelReply
from platos.store import accounts
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

ANA, SLOT, ACCOUNT = "person:ana", 15 * MINUTE, "specialist/watch"
DRAFT = '{"title": "Upgrade", "claims": [{"text": "It says so.", "source": "i1", "quote": "An advisory."}], "note": ""}'
SURPRISE = ModelReply(text=DRAFT, usage=Usage(input=50_000, output=1), served="scripted")
"""Costs $0.050004, where some $0.01 was held for it."""


def frozen_by_one_call(simulate: Simulate, *replies: Any, **changes: Any) -> SimulatedWorkspace:
    model = Scripted([SURPRISE, *replies])
    fixed = {"models": {"small": "scripted", "frontier": "scripted"}, "tools": [], "done_when": []}
    return simulate(**{**fixed, **changes}, parts={("model", "scripted"): model})


async def live_to_the_next(simulated: SimulatedWorkspace, number: int) -> None:
    await simulated.drop(f"inbox/{number}.txt", f"An advisory. Number {number}.")
    await simulated.live(SLOT)


async def test_a_run_that_met_a_frozen_account_goes_on_when_it_is_thawed(simulate: Simulate) -> None:
    simulated = frozen_by_one_call(simulate, DRAFT)
    async with simulated.up() as engine:
        await live_to_the_next(simulated, 1)
        await live_to_the_next(simulated, 2)
        assert [run.state for run in await simulated.runs()] == [State.SUCCESS, State.NEEDS_REVIEW]
        row, names = await engine.thaw(ACCOUNT, by=ANA)
        await engine.rest()
        assert [run.outcome for run in await simulated.runs()] == [Outcome.DONE, Outcome.DONE]
    assert (row.account, names) == (ACCOUNT, ["watch"])
    assert "where" in row.why


async def test_items_that_wait_for_it_are_judged_again_at_once(simulate: Simulate) -> None:
    asked = {"triage": ["model"]}
    simulated = frozen_by_one_call(simulate, '{"verdict": "dismiss", "reason": "no", "confidence": 1}', **asked)
    async with simulated.up() as engine:
        await simulated.store.transact(accounts.freeze, ACCOUNT, "somebody wondered", 1)
        await live_to_the_next(simulated, 1)
        assert len((await simulated.items("watch"))[ItemState.WAITING]) == 1
        await engine.thaw(ACCOUNT, by=ANA)
        await engine.rest()
        assert len(await accounts.spend(simulated.store, 0)) == 1


async def test_who_thawed_it_is_in_the_journal(simulate: Simulate) -> None:
    simulated = frozen_by_one_call(simulate)
    async with simulated.up() as engine:
        await live_to_the_next(simulated, 1)
        await engine.thaw(ACCOUNT, by=ANA)
        told = [e for e in await simulated.events("system") if isinstance(e, AccountFrozen | AccountThawed)]
    assert [(type(each), each.by) for each in told] == [(AccountFrozen, "runtime"), (AccountThawed, ANA)]


async def test_it_may_be_named_with_its_window(simulate: Simulate) -> None:
    simulated = frozen_by_one_call(simulate)
    async with simulated.up() as engine:
        await live_to_the_next(simulated, 1)
        await engine.thaw(f"{ACCOUNT}/2026-03-02", by=ANA)
        assert await accounts.frozen(simulated.store) == []


async def test_what_is_not_frozen_cannot_be_thawed(simulate: Simulate) -> None:
    simulated = frozen_by_one_call(simulate)
    async with simulated.up() as engine:
        with pytest.raises(NotFound) as refused:
            await engine.thaw(ACCOUNT, by=ANA)
        assert "nothing is frozen" in refused.value.expected
        await live_to_the_next(simulated, 1)
        with pytest.raises(NotFound) as refused:
            await engine.thaw("specialist/nobody", by=ANA)
        assert refused.value.expected == ACCOUNT


async def test_it_stays_frozen_over_days_and_starts_until_somebody_does(simulate: Simulate) -> None:
    simulated = frozen_by_one_call(simulate, DRAFT)
    async with simulated.up():
        await live_to_the_next(simulated, 1)
        await live_to_the_next(simulated, 2)
    async with simulated.up() as engine:
        await simulated.live(2 * DAY)
        assert (await simulated.runs())[1].state is State.NEEDS_REVIEW
        await engine.thaw(ACCOUNT, by=ANA)
        await engine.rest()
        assert (await simulated.runs())[1].state is State.SUCCESS


async def test_runs_of_others_that_wait_for_a_person_are_left_alone(simulate: Simulate) -> None:
    elsewhere = {"sources": [{"directory": {"path": "elsewhere"}}], "models": {"frontier": "unsure"}}
    unsure = Scripted(['{"title": "t", "claims": [], "note": ""}'])
    model = Scripted([SURPRISE])
    simulated = simulate(
        models={"small": "scripted", "frontier": "scripted"},
        tools=[],
        done_when=[],
        others={"second": elsewhere},
        parts={("model", "scripted"): model, ("model", "unsure"): unsure},
    )
    await simulated.drop("elsewhere/note.txt", "An advisory.")
    async with simulated.up() as engine:
        await simulated.store.transact(accounts.freeze, "specialist/second", "somebody wondered", 1)
        await live_to_the_next(simulated, 1)
        _, names = await engine.thaw(ACCOUNT, by=ANA)
        await engine.rest()
        waiting = [run.specialist for run in await simulated.runs() if run.state is State.NEEDS_REVIEW]
    assert ("second" in names, waiting) == (False, ["second"])
