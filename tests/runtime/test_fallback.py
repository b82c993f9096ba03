"""Models are unstable: the next of the list is asked at once, the first again after a wait, as often as configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from platos.core.instant import DAY, HOUR, SECOND
from platos.core.state import State
from platos.errors import (
    AuthFailed,
    BillingFailed,
    Broken,
    Failure,
    PermissionDenied,
    RateLimited,
    TimedOut,
    Unavailable,
)
from platos.store import breakers
from platos.store.accounts import Call
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

from .askers import NONSENSE, REFUSAL, always, asking, calls_of, priced
from .workers import drop_one

Simulate = Callable[..., SimulatedWorkspace]

FAILURES = {
    "unavailable": Unavailable("nobody listens"),
    "broke off": Unavailable("the line broke", sent=True),
    "timeout": TimedOut("no answer", sent=True),
    "rate limit": RateLimited("slow down", retry_after=600),
    "auth": AuthFailed("the key is refused"),
    "billing": BillingFailed("there is a bill"),
    "not allowed": PermissionDenied("not for you"),
    "anything else": Broken("it broke", sent=True),
}


async def asked(simulate: Simulate, *models: Scripted, span: int = 0, **changes: Any) -> tuple[list[Call], State]:
    """The calls of a run that may ask these models, and where the run is after so long."""
    named = {f"m{number}": model for number, model in enumerate(models, 1)}
    simulated = asking(simulate, named, **changes)
    await drop_one(simulated)
    async with simulated.up() as engine:
        await engine.wake("watch", by="person:test")
        await simulated.live(span)
        [run] = await simulated.runs()
        return await calls_of(simulated), run.state


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES)
async def test_where_a_model_fails_the_next_is_asked_at_once(simulate: Simulate, failure: Failure) -> None:
    calls, state = await asked(simulate, priced(4, failure), priced(4))
    assert state is State.SUCCESS
    assert [(call.model, call.attempt, call.cause) for call in calls] == [
        ("m1", 1, "first"),
        ("m2", 2, failure.kind),
    ]
    assert calls[1].made == calls[0].made


async def test_where_a_model_refuses_the_next_is_asked_and_the_refusal_is_not_repaired(simulate: Simulate) -> None:
    first, second = priced(4, REFUSAL), priced(4)
    calls, state = await asked(simulate, first, second)
    assert state is State.SUCCESS
    assert [(call.model, call.finish) for call in calls] == [("m1", "refused"), ("m2", "done")]
    assert second.requests[0].repair == ""


async def test_where_a_reply_cannot_be_repaired_the_next_model_is_asked(simulate: Simulate) -> None:
    first, second = priced(4, *[NONSENSE] * 3), priced(4)
    calls, state = await asked(simulate, first, second)
    assert state is State.SUCCESS
    assert [(call.model, call.cause) for call in calls] == [
        ("m1", "first"),
        ("m1", "repair"),
        ("m1", "repair"),
        ("m2", "first"),
    ]
    assert "said: Input should be a valid string" in first.requests[1].repair


async def test_where_no_model_of_the_list_gives_a_valid_reply_the_run_fails(simulate: Simulate) -> None:
    models = [priced(4, *[NONSENSE] * 9) for _ in range(2)]
    calls, state = await asked(simulate, *models)
    assert state is State.FAILED
    assert [len(model.requests) for model in models] == [3, 3] == [len(calls) // 2] * 2


async def test_a_call_that_the_budget_refuses_is_not_asked_of_the_next_model(simulate: Simulate) -> None:
    models = [priced(4), priced(4)]
    calls, state = await asked(simulate, *models, budget={"run": 0})
    assert (calls, state) == ([], State.FAILED)


async def test_there_is_a_wait_only_between_two_rounds(simulate: Simulate) -> None:
    models = [always(lambda: Unavailable("nobody listens")) for _ in range(3)]
    calls, _ = await asked(simulate, *models, span=HOUR, retry={"attempts": 3, "first": "10s"})
    assert [call.model for call in calls] == ["m1", "m2", "m3"] * 3
    rounds = [{call.made for call in calls[start : start + 3]} for start in (0, 3, 6)]
    assert [len(moments) for moments in rounds] == [1, 1, 1]
    begun = [moments.pop() for moments in rounds]
    assert begun[1] - begun[0] >= 5 * SECOND
    assert begun[2] - begun[1] >= 10 * SECOND


async def test_attempts_are_numbered_round_after_round(simulate: Simulate) -> None:
    models = [always(lambda: Unavailable("nobody listens")) for _ in range(3)]
    calls, _ = await asked(simulate, *models, span=HOUR, retry={"attempts": 2, "first": "1s"})
    assert [call.attempt for call in calls] == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("rounds", [1, 2, 5])
@pytest.mark.parametrize("several", [1, 2, 3])
async def test_a_step_is_tried_exactly_as_often_as_configured(simulate: Simulate, rounds: int, several: int) -> None:
    models = [always(lambda: TimedOut("no answer", sent=True)) for _ in range(several)]
    retry = {"attempts": rounds, "first": "1s"}
    calls, state = await asked(simulate, *models, span=HOUR, retry=retry, budget={"item": 1, "run": 1, "day": 1})
    assert state is State.FAILED
    assert [len(model.requests) for model in models] == [rounds] * several
    assert len(calls) == rounds * several


async def test_the_second_round_begins_with_the_model_that_is_wanted(simulate: Simulate) -> None:
    first, second = priced(4, RateLimited("slow down")), priced(4, RateLimited("slow down"))
    calls, state = await asked(simulate, first, second, span=HOUR)
    assert state is State.SUCCESS
    assert [call.model for call in calls] == ["m1", "m2", "m1"]


async def test_retry_after_of_the_last_model_is_heeded_before_the_next_round(simulate: Simulate) -> None:
    first, second = priced(4, RateLimited("slow")), priced(4, RateLimited("slow", retry_after=900))
    calls, _ = await asked(simulate, first, second, span=HOUR)
    assert calls[2].made - calls[1].made >= 900 * SECOND


@pytest.mark.parametrize("failure", [AuthFailed("the key is refused"), BillingFailed("there is a bill")])
async def test_a_model_whose_breaker_is_open_is_passed_over(simulate: Simulate, failure: Failure) -> None:
    first, second = priced(4, failure), priced(4)
    simulated = asking(simulate, {"m1": first, "m2": second})
    async with simulated.up() as engine:
        for item in ("one", "another"):
            await drop_one(simulated, item)
            await engine.wake("watch", by="person:test")
        assert [call.model for call in await calls_of(simulated, 2)] == ["m2"]
        assert [row.model for row in await breakers.every(simulated.store)] == ["m1"]
    assert (len(first.requests), len(second.requests)) == (1, 2)


async def test_where_every_breaker_is_open_nobody_is_asked_and_the_run_waits(simulate: Simulate) -> None:
    models = [always(lambda: AuthFailed("the key is refused")) for _ in range(2)]
    calls, state = await asked(simulate, *models, span=DAY)
    assert state is State.PENDING
    assert [len(model.requests) for model in models] == [1, 1]
    assert len(calls) == 2


async def test_a_model_without_a_price_is_passed_over(simulate: Simulate) -> None:
    unpriced, second = priced(4), priced(4)
    setattr(unpriced, unpriced.price.__name__, lambda name: None)
    calls, state = await asked(simulate, unpriced, second)
    assert (state, [call.model for call in calls]) == (State.SUCCESS, ["m2"])
    assert unpriced.requests == []


async def stand_in(simulate: Simulate, second: Scripted, **changes: Any) -> tuple[int, State]:
    """How often a model that never answers was asked in a day, and where the run is, beside one that cannot be had."""
    first = always(lambda: TimedOut("no answer", sent=True))
    retry = {"attempts": 3, "first": "1s"}
    _, state = await asked(simulate, first, second, span=DAY, **{"retry": retry, "budget": WIDE, **changes})
    return len(first.requests), state


WIDE = {"item": 1, "run": 1, "day": 1}


async def test_tries_are_counted_also_where_the_model_that_stands_in_is_broken(simulate: Simulate) -> None:
    second = always(lambda: AuthFailed("the key is refused"))
    assert await stand_in(simulate, second) == (3 + 1, State.FAILED)
    assert len(second.requests) == 1


async def test_tries_are_counted_also_where_the_model_that_stands_in_has_no_price(simulate: Simulate) -> None:
    second = priced(4)
    setattr(second, second.price.__name__, lambda name: None)
    assert await stand_in(simulate, second) == (3, State.FAILED)


async def test_a_model_that_failed_is_asked_again_where_the_one_that_stands_in_is_too_dear(simulate: Simulate) -> None:
    second = priced(4_000 * 10**9)
    first = priced(4_000_000_000, RateLimited("slow down"))
    calls, state = await asked(simulate, first, second, span=HOUR)
    assert ([call.model for call in calls], state) == (["m1", "m1"], State.SUCCESS)
    assert second.requests == []
