"""Money: held before a call, settled after it, and never guessed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import anyio
import pytest

from platos.core.budget import Window, window_end
from platos.core.event import MoneyReserved, MoneySettled, StepMoved
from platos.core.instant import DAY, HOUR, MINUTE, SECOND
from platos.core.money import Price, Usage
from platos.core.state import Outcome, State
from platos.errors import AuthFailed, BudgetExceeded, Failure, RateLimited, TimedOut, Unavailable
from platos.ports.model import ModelReply, ModelRequest
from platos.runtime.meter import Ask, Purse, reserve
from platos.store import accounts, breakers, steps
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

SLOT = 15 * MINUTE
DRAFT = '{"title": "Upgrade", "claims": [{"text": "It says so.", "source": "i1", "quote": "An advisory."}], "note": ""}'
DEAR = ModelReply(text=DRAFT, usage=Usage(input=1_000, output=1_500), served="scripted")
"""Costs $0.007 at the scripted price of 1 and 4 dollars a million; a call holds a little under $0.01."""


FULL = ModelReply(text=DRAFT, usage=Usage(input=500, output=2_000), served="scripted")
"""Costs $0.0085: not even the shortest answer fits into what is left of $0.01."""


class Unpriced(Scripted):
    """A model of which nobody knows the price."""

    def price(self, name: str) -> Price | None:
        return None


class Silent(Scripted):
    """A model that is asked, and does not answer."""

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        self.requests.append(request)
        await anyio.sleep_forever()
        raise AssertionError


def with_model(simulate: Simulate, model: Scripted, **changes: Any) -> SimulatedWorkspace:
    """A specialist that drafts with this model, and delivers nothing."""
    models = {"small": "offline", "frontier": "scripted"}
    fixed = {"models": models, "tools": [], "done_when": []}
    return simulate(**{**fixed, **changes}, parts={("model", "scripted"): model})


async def test_a_call_holds_the_worst_case_and_is_charged_what_it_used(simulate: Simulate) -> None:
    simulated = with_model(simulate, Scripted([DEAR]))
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
        events = await simulated.events("r1")
        every = await accounts.every(simulated.store)
    [held] = [event for event in events if isinstance(event, MoneyReserved)]
    [settled] = [event for event in events if isinstance(event, MoneySettled)]
    assert settled.charged == 7_000_000 < held.amount
    assert {account.name for account in every} == {
        "all/2026-03-02",
        "specialist/watch/2026-03-02",
        "run/1",
        "item/1/2026-03",
    }
    assert {(account.spent, account.reserved) for account in every} == {(7_000_000, 0)}


async def test_what_was_provably_not_sent_costs_nothing(simulate: Simulate) -> None:
    simulated = with_model(simulate, Scripted([Unavailable("nobody listens"), DRAFT]), retry={"attempts": 1})
    assert await charged_for(simulated) == 0


async def test_a_call_that_timed_out_is_charged_in_full(simulate: Simulate) -> None:
    simulated = with_model(simulate, Scripted([TimedOut("no answer", sent=True)]), retry={"attempts": 1})
    assert await charged_for(simulated) == await held_for(simulated)


async def charged_for(simulated: SimulatedWorkspace) -> int:
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
        return sum(call.charged for call in await accounts.calls_of_run(simulated.store, 1))


async def held_for(simulated: SimulatedWorkspace) -> int:
    async with simulated.up():
        return sum(call.amount for call in await accounts.calls_of_run(simulated.store, 1))


async def test_a_call_that_was_cancelled_is_charged_in_full_and_made_again(simulate: Simulate) -> None:
    model = Silent([])
    simulated = with_model(simulate, model)
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up() as engine:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(engine.live)
            while not model.requests:
                await anyio.lowlevel.checkpoint()
            tasks.cancel_scope.cancel()
    async with simulated.up() as engine, anyio.create_task_group() as tasks:
        tasks.start_soon(engine.rest)
        while len(model.requests) < 2:
            await anyio.lowlevel.checkpoint()
        lost, again = await accounts.calls_of_run(simulated.store, 1)
        tasks.cancel_scope.cancel()
    assert (lost.state, lost.charged) == ("unknown", lost.amount)
    assert again.state == "held"


async def test_a_model_without_a_price_is_not_called_and_the_line_to_write_is_shown(simulate: Simulate) -> None:
    model = Unpriced([DRAFT])
    simulated = with_model(simulate, model)
    async with simulated.up() as engine:
        request = ModelRequest(model="scripted", instructions="", documents=(), answer={})
        purse = Purse("watch", None, "triage", (), 0, MINUTE)
        with pytest.raises(BudgetExceeded) as refusal:
            await reserve(engine._host, purse, Ask("step", request, ("scripted",)))
    assert '[models."scripted"]' in refusal.value.hint
    assert model.requests == []


async def test_a_run_whose_model_has_no_price_waits_and_says_which_line_to_write(simulate: Simulate) -> None:
    model = Unpriced([DRAFT])
    simulated = with_model(simulate, model)
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
        [run] = await simulated.runs()
    assert run.state is State.NEEDS_REVIEW
    assert "the price of scripted is not known" in run.why
    assert '[models."scripted"]' in run.why
    assert model.requests == []


async def test_a_run_that_would_pass_its_own_cap_fails_with_the_reason(simulate: Simulate) -> None:
    model = Scripted([DRAFT])
    simulated = with_model(simulate, model, budget={"run": "0.001"})
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
        [run] = await simulated.runs()
    assert run.state is State.FAILED
    assert "budget_exceeded" in run.why
    assert model.requests == []


async def test_a_run_that_would_pass_the_days_cap_goes_on_the_next_day_by_itself(simulate: Simulate) -> None:
    simulated = with_model(simulate, Scripted([FULL, FULL]), budget={"day": "0.01"})
    async with simulated.up():
        for number in (1, 2):
            await simulated.drop(f"inbox/{number}.txt", f"An advisory. Number {number}.")
            await simulated.live(SLOT)
        run = (await simulated.runs())[1]
        assert run.state is State.PENDING
        assert run.due == window_end(Window.DAY, simulated.clock.now(), "UTC")
        await simulated.live(DAY)
        assert [run.outcome for run in await simulated.runs()] == [Outcome.DONE, Outcome.DONE]


async def test_the_workspaces_cap_holds_for_all_specialists_together(simulate: Simulate) -> None:
    model = Scripted([FULL, FULL])
    models = {"small": "offline", "frontier": "scripted"}
    changes = {"models": models, "tools": [], "done_when": []}
    simulated = simulate(
        **changes,
        others={"second": changes},
        settings="[budget]\nday = 0.01\n",
        parts={("model", "scripted"): model},
    )
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
        assert sorted(run.state for run in await simulated.runs()) == [State.PENDING, State.SUCCESS]
    assert len(model.requests) == 1


async def test_a_cap_of_zero_spends_nothing(simulate: Simulate) -> None:
    model = Scripted([DRAFT])
    simulated = with_model(simulate, model, budget={"day": 0})
    assert await charged_for(simulated) == 0
    assert model.requests == []


async def test_a_provider_that_is_busy_is_asked_again_later_and_for_nothing(simulate: Simulate) -> None:
    model = Scripted([RateLimited("slow down", retry_after=600), DEAR])
    simulated = with_model(simulate, model)
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(5 * MINUTE)
        [run] = await simulated.runs()
        assert run.state is State.PENDING
        assert run.due is not None
        assert run.due - run.opened >= 600 * SECOND
        await simulated.live(HOUR)
        [run] = await simulated.runs()
        refused, answered = await accounts.calls_of_run(simulated.store, 1)
    assert run.outcome is Outcome.DONE
    assert (refused.charged, answered.charged) == (0, 7_000_000)
    assert answered.made - refused.made >= 600 * SECOND


async def test_tries_are_counted_and_then_the_run_fails(simulate: Simulate) -> None:
    model = Scripted(lambda request: RateLimited("slow down"))
    simulated = with_model(simulate, model, retry={"attempts": 3})
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(DAY)
        [run] = await simulated.runs()
    assert run.state is State.FAILED
    assert "rate_limited" in run.why
    assert len(model.requests) == 3


async def test_tries_are_counted_across_restarts(simulate: Simulate) -> None:
    model = Scripted(lambda request: RateLimited("slow down", retry_after=60))
    simulated = with_model(simulate, model, retry={"attempts": 3})
    await simulated.drop("inbox/note.txt", "An advisory.")
    for _ in range(6):
        async with simulated.up():
            await simulated.live(2 * MINUTE)
    assert len(model.requests) == 3


async def test_a_key_that_is_refused_opens_the_breaker_and_nobody_is_called_any_more(simulate: Simulate) -> None:
    model = Scripted(lambda request: AuthFailed("the key is refused"))
    simulated = with_model(simulate, model)
    async with simulated.up():
        for number in range(3):
            await simulated.drop(f"inbox/{number}.txt", f"An advisory. Number {number}.")
            await simulated.live(2 * HOUR)
        [broken] = await breakers.every(simulated.store)
        assert {run.state for run in await simulated.runs()} == {State.PENDING}
    assert (broken.model, broken.cause) == ("scripted", "the key is refused")
    assert len(model.requests) == 1


async def test_once_the_breaker_is_closed_the_run_goes_on_by_itself(simulate: Simulate) -> None:
    failures: list[Failure] = [AuthFailed("the key is refused")]
    simulated = with_model(simulate, Scripted(lambda request: failures.pop() if failures else DEAR))
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
        await simulated.store.transact(breakers.close_breaker, "scripted")
        await simulated.live(HOUR)
        [run] = await simulated.runs()
    assert run.outcome is Outcome.DONE


async def test_a_failed_try_is_told_in_the_journal_with_what_it_waits_for(simulate: Simulate) -> None:
    simulated = with_model(simulate, Scripted([Unavailable("down"), DRAFT]))
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
        told = [event for event in await simulated.events("r1") if isinstance(event, StepMoved) and event.failure]
        [done] = [step for step in await steps.of_run(simulated.store, 1) if step.name == "draft"]
    [failed] = told
    assert (failed.state, failed.waits, failed.attempt) == (State.PENDING, "time", 2)
    assert failed.due is not None
    assert (done.state, done.attempt) == (State.SUCCESS, 2)
