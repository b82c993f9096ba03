"""Caps on calls, tokens and months, accounts that several specialists share, and an item that is poison."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos import Context, HandOff, Work
from platos.core.instant import DAY, HOUR, MINUTE, parse_instant
from platos.core.item import ItemState
from platos.core.state import State
from platos.errors import RateLimited, TimedOut, Unavailable
from platos.ports.model import ModelRequest
from platos.store import accounts
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

from .askers import ANSWER, Asker, asking, calls_of, costing, priced
from .workers import drop_one

Simulate = Callable[..., SimulatedWorkspace]

DAILY = "0 8 * * *"
DEAR = costing(1_500)
"""Costs $0.006; a call holds $0.008 and a little."""


async def wake(simulated: SimulatedWorkspace, item: str, name: str = "watch") -> None:
    await drop_one(simulated, item)
    await simulated.engine.wake(name, by="person:test")


async def spent(simulated: SimulatedWorkspace) -> dict[str, int]:
    return {row.name: row.spent for row in await accounts.every(simulated.store)}


async def test_a_cap_on_calls_refuses_the_call_after_the_last(simulate: Simulate) -> None:
    model = priced()
    simulated = asking(simulate, {"dear": model}, asker=Asker(5), budget={"run": {"usd": 1, "calls": 3}})
    async with simulated.up():
        await wake(simulated, "note")
        [run] = await simulated.runs()
    assert len(model.requests) == 3
    assert (run.state, "1 call more would pass the cap of 3 calls" in run.why) == (State.FAILED, True)


async def test_a_call_that_was_not_sent_does_not_count_as_one(simulate: Simulate) -> None:
    model = priced(4_000_000_000, Unavailable("nobody listens"))
    simulated = asking(simulate, {"dear": model}, asker=Asker(3), budget={"run": {"usd": 1, "calls": 3}})
    async with simulated.up():
        await wake(simulated, "note")
        await simulated.live(HOUR)
        assert [run.state for run in await simulated.runs()] == [State.SUCCESS]
    assert len(model.requests) == 4


async def test_a_cap_on_tokens_counts_what_went_in_and_what_came_out(simulate: Simulate) -> None:
    model = priced(4_000_000_000, DEAR, DEAR, costing(900))
    simulated = asking(simulate, {"dear": model}, asker=Asker(5), budget={"run": {"usd": 1, "tokens": 4_000}})
    async with simulated.up():
        await wake(simulated, "note")
        [run] = await simulated.runs()
        used = (await spent(simulated))["run/1:tokens"]
    assert (run.state, used) == (State.FAILED, 2 * 1_500 + 900)
    assert [request.max_output < 2_000 for request in model.requests] == [False, False, True]


async def test_a_months_cap_holds_over_its_days_and_the_next_month_goes_on(simulate: Simulate) -> None:
    model = priced(4_000_000_000, *[DEAR] * 9)
    simulated = asking(simulate, {"dear": model}, schedule=DAILY, budget={"month": "0.02", "item": 1})
    async with simulated.up():
        for day in range(6):
            await drop_one(simulated, f"day-{day}")
            await simulated.live(DAY)
        assert len(model.requests) == 3
        assert (await spent(simulated))["specialist/watch/2026-03"] == 3 * 6_000_000
        await simulated.live(30 * DAY)
        assert (await spent(simulated))["specialist/watch/2026-04"] == 3 * 6_000_000
        waits = [run for run in await simulated.runs() if run.state is State.PENDING]
    assert len(model.requests) == 6
    assert {run.due for run in waits} <= {parse_instant("2026-05-01")}


def sharing(simulate: Simulate, model: Scripted, caps: str, **budget: Any) -> SimulatedWorkspace:
    """Two specialists on the account `labs`, and one that is not."""
    named: dict[str, Any] = {"budget": {"accounts": ["labs"], "item": 1, **budget}}
    settings = f"[accounts.labs]\n{caps}\n"
    return asking(simulate, {"dear": model}, others={"second": named, "third": {}}, settings=settings, **named)


async def test_a_named_account_holds_for_all_who_name_it_together(simulate: Simulate) -> None:
    model = priced(4_000_000_000, *[DEAR] * 9)
    simulated = sharing(simulate, model, "day = 0.0135")
    async with simulated.up():
        for number, name in enumerate(("watch", "second", "watch", "third")):
            await wake(simulated, f"{number}", name)
        states = [run.state for run in await simulated.runs()]
        used = await spent(simulated)
    assert states == [State.SUCCESS, State.SUCCESS, State.PENDING, State.SUCCESS]
    assert used["named/labs/2026-03-02"] == 12_000_000


async def test_a_named_accounts_month_is_that_of_its_own_zone(simulate: Simulate) -> None:
    model = priced(4_000_000_000, *[DEAR] * 9)
    simulated = sharing(simulate, model, 'month = 0.5\nzone = "Pacific/Kiritimati"')
    async with simulated.up():
        simulated.clock.advance_to(parse_instant("2026-03-31T11:00:00Z"))
        await wake(simulated, "note")
        assert {name: amount for name, amount in (await spent(simulated)).items() if name.startswith("named/")} == {
            "named/labs/2026-04": 6_000_000
        }


async def test_a_named_account_can_cap_calls(simulate: Simulate) -> None:
    model = priced()
    simulated = sharing(simulate, model, "day = { calls = 2 }")
    async with simulated.up():
        for number, name in enumerate(("watch", "second", "watch", "second")):
            await wake(simulated, f"{number}", name)
    assert len(model.requests) == 2


POISON = "It is poison"


def poisoned(request: ModelRequest) -> Any:
    """A question about the poisoned item does its work, and is never answered."""
    about = any(POISON in document.text for document in request.documents)
    return TimedOut("no answer", sent=True) if about else ANSWER


async def test_a_poisoned_item_burns_no_more_than_its_cap_in_a_month_over_retries_and_runs(simulate: Simulate) -> None:
    model = Scripted(poisoned)
    retry = {"attempts": 3, "first": "1s"}
    simulated = asking(simulate, {"dear": model}, schedule=DAILY, retry=retry, budget={"item": "0.03", "run": 1})
    async with simulated.up() as engine:
        await simulated.drop("inbox/poison.txt", f"An advisory. {POISON}.")
        await simulated.live(DAY)
        for _ in range(10):
            await engine.retry(1, by="person:ana")
            await simulated.live(DAY)
        used = await spent(simulated)
    assert 0.028e9 < used["item/1/2026-03"] <= 0.03e9
    assert len(model.requests) == 4


async def test_other_items_go_on_beside_a_poisoned_one(simulate: Simulate) -> None:
    simulated = asking(simulate, {"dear": Scripted(poisoned)}, retry={"first": "1s"}, budget={"item": "0.03"})
    async with simulated.up():
        await simulated.drop("inbox/poison.txt", f"An advisory. {POISON}.")
        await simulated.live(HOUR)
        await drop_one(simulated)
        await simulated.live(HOUR)
        assert [run.state for run in await simulated.runs()] == [State.FAILED, State.SUCCESS]


async def test_an_item_that_is_poison_to_triage_burns_no_more_than_its_cap_in_a_month(simulate: Simulate) -> None:
    no = '{"signal": false, "confidence": 0.9, "reason": "It is not asked for."}'
    model = Scripted(lambda request: no if poisoned(request) == ANSWER else poisoned(request))
    models = {"small": "scripted", "frontier": "offline"}
    parts = {("model", "scripted"): model}
    simulated = simulate(triage=["model"], models=models, parts=parts, schedule="0 * * * *", budget={"item": "0.01"})
    async with simulated.up():
        await simulated.drop("inbox/poison.txt", f"An advisory. {POISON}.")
        await simulated.live(DAY)
        await drop_one(simulated)
        await simulated.live(5 * DAY)
        used, items = await spent(simulated), await simulated.items("watch")
    assert 0.005e9 < used["item/1/2026-03"] <= 0.01e9
    assert [item.name for item in items[ItemState.DISMISSED]] == ["i2"]
    assert [item.name for item in items[ItemState.WAITING]] == ["i1"]


async def test_an_item_that_is_named_twice_bears_a_call_once(simulate: Simulate) -> None:
    class Twice(Asker):
        """Asks a colleague about everything twice."""

        async def act(self, context: Context, work: Work) -> HandOff:
            if len(work.items) == 1:
                return await context.ask("worker", Work(items=work.items * 2))
            return await super().act(context, work)

    simulated = asking(simulate, {"dear": priced(4_000_000_000, DEAR)}, asker=Twice(), budget={"item": "0.009"})
    async with simulated.up():
        await wake(simulated, "note")
        [call] = await calls_of(simulated)
        assert (await spent(simulated))["item/1/2026-03"] == call.charged == 6_000_000


@pytest.mark.parametrize("cap", [0, {"calls": 0}, {"tokens": 0}])
async def test_a_cap_of_nothing_spends_nothing(simulate: Simulate, cap: Any) -> None:
    model = priced()
    simulated = asking(simulate, {"dear": model}, budget={"day": cap})
    async with simulated.up():
        await wake(simulated, "note")
    assert model.requests == []


async def test_what_a_wake_up_may_not_spend_any_more_the_next_one_does(simulate: Simulate) -> None:
    no = '{"signal": false, "confidence": 0.9, "reason": "It is not asked for."}'
    dear = costing(490).__class__(text=no, usage=costing(490).usage, served="scripted")
    models = {"small": "scripted", "frontier": "offline"}
    parts = {("model", "scripted"): Scripted(lambda request: dear)}
    simulated = simulate(triage=["model"], models=models, parts=parts, budget={"wake": "0.003"})
    async with simulated.up():
        for number in range(3):
            await simulated.drop(f"inbox/{number}.txt", f"Note {number}.")
        for judged in (1, 2, 3):
            await simulated.live(15 * MINUTE)
            assert len((await simulated.items("watch"))[ItemState.DISMISSED]) == judged


NO = '{"signal": false, "confidence": 0.9, "reason": "It is not asked for."}'


def judging(simulate: Simulate, models: dict[str, Scripted], **changes: Any) -> SimulatedWorkspace:
    """A specialist that only judges, with these models."""
    parts = {("model", name): model for name, model in models.items()}
    tiers = {"small": list(models), "frontier": "offline"}
    return simulate(triage=["model"], models=tiers, parts=parts, schedule="0 * * * *", **changes)


async def test_an_item_that_may_cost_nothing_more_holds_no_other_back_that_waits_with_it(simulate: Simulate) -> None:
    busy = [True]

    def turn(request: ModelRequest) -> Any:
        said = poisoned(request)
        return said if said != ANSWER else RateLimited("slow down") if busy else NO

    simulated = judging(simulate, {"m": Scripted(turn)}, budget={"item": "0.01"})
    async with simulated.up():
        await simulated.drop("inbox/a.txt", f"{POISON}.")
        for number in range(9):
            await simulated.drop(f"inbox/b{number}.txt", f"Note {number}.")
        await simulated.live(DAY)
        busy.clear()
        await simulated.live(2 * HOUR)
        items = await simulated.items("watch")
    assert len(items[ItemState.DISMISSED]) == 9
    assert len(items[ItemState.WAITING]) == 1


async def test_a_stand_in_that_is_too_dear_does_not_end_the_day_of_triage(simulate: Simulate) -> None:
    first = Scripted([RateLimited("slow down"), NO, NO, NO])
    second = priced(4_000 * 10**9)
    simulated = judging(simulate, {"m1": first, "m2": second}, budget={"triage_day": "0.01"})
    async with simulated.up():
        for number in range(3):
            await simulated.drop(f"inbox/{number}.txt", f"Note {number}.")
        await simulated.live(2 * HOUR)
        assert len((await simulated.items("watch"))[ItemState.DISMISSED]) == 3
    assert second.requests == []
