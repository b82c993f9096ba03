"""A provider's limits: how many calls it takes at once and in a minute, whoever asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import anyio
import pytest

from platos.core.instant import MINUTE
from platos.core.item import ItemState
from platos.ports.model import ModelReply, ModelRequest, Terms
from platos.runtime.limits import Limits
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace
from tests.simulation.loop import SimulatedLoop, run

Simulate = Callable[..., SimulatedWorkspace]

NO = '{"signal": false, "confidence": 0.9, "reason": "It is not asked for."}'
ITEMS = 12


class Busy(Scripted):
    """A model that takes its time. `most` is how many calls it ever worked on at once."""

    def __init__(self, terms: Terms) -> None:
        super().__init__(lambda request: NO, terms=terms)
        self.now = self.most = 0

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        self.now += 1
        self.most = max(self.most, self.now)
        await anyio.sleep(0.002)
        self.now -= 1
        return await super().complete(request, alive)


async def judged(simulate: Simulate, *models: Busy) -> None:
    """Two specialists judge a dozen items each at the same time, four at once if they may."""
    names = [f"m{number}" for number in range(len(models))]
    each: list[dict[str, Any]] = [
        {"triage": [{"model": {"batch": 1}}], "models": {"small": name, "frontier": "offline"}}
        for name in (names[0], names[-1])
    ]
    parts = {("model", name): model for name, model in zip(names, models, strict=True)}
    simulated = simulate(**each[0], others={"second": each[1]}, parts=parts)
    for number in range(ITEMS):
        await simulated.drop(f"inbox/{number}.txt", f"Note {number}.")
    async with simulated.up():
        await simulated.live(20 * MINUTE)
        for name in ("watch", "second"):
            assert len((await simulated.items(name))[ItemState.DISMISSED]) == ITEMS
    assert sum(len(model.requests) for model in models) == 2 * ITEMS


async def test_a_provider_works_on_no_more_calls_at_once_than_it_takes_of_all_specialists(simulate: Simulate) -> None:
    model = Busy(Terms("p", concurrency=3))
    await judged(simulate, model)
    assert model.most == 3


async def test_without_a_limit_there_are_more_at_once(simulate: Simulate) -> None:
    """What the test above would see if nobody held the limit."""
    model = Busy(Terms("p"))
    await judged(simulate, model)
    assert model.most > 4


async def test_two_models_of_one_provider_share_its_limit(simulate: Simulate) -> None:
    first, second = Busy(Terms("p", concurrency=1)), Busy(Terms("p", concurrency=1))
    both = Both(first, second)
    await judged(simulate, first, second)
    assert both.most == 1


async def test_another_provider_has_a_limit_of_its_own(simulate: Simulate) -> None:
    first, second = Busy(Terms("p", concurrency=1)), Busy(Terms("q", concurrency=1))
    both = Both(first, second)
    await judged(simulate, first, second)
    assert both.most == 2


class Both:
    """Counts what two models work on together."""

    def __init__(self, *models: Busy) -> None:
        self.now = self.most = 0
        for model in models:
            setattr(model, model.complete.__name__, self._counting(model.complete))

    def _counting(self, complete: Callable[..., Any]) -> Callable[..., Any]:
        async def counted(*arguments: Any) -> ModelReply:
            self.now += 1
            self.most = max(self.most, self.now)
            reply: ModelReply = await complete(*arguments)
            self.now -= 1
            return reply

        return counted


# -- in a minute: on virtual time


def begun(seed: int, terms: Sequence[Terms], calls: int) -> list[float]:
    """When so many calls began that came at random within two minutes, and took up to ten seconds each."""
    moments: list[float] = []

    async def one(limits: Limits, comes: float, takes: float) -> None:
        await anyio.sleep(comes)
        async with limits.turn(terms):
            moments.append(anyio.current_time())
            await anyio.sleep(takes)

    async def main() -> None:
        limits = Limits()
        async with anyio.create_task_group() as tasks:
            for _ in range(calls):
                tasks.start_soon(one, limits, loop.chance.random() * 120, loop.chance.random() * 10)

    loop = SimulatedLoop(seed)
    run(loop, main())
    return sorted(moments)


def most_in_a_minute(moments: Sequence[float]) -> int:
    return max(sum(start <= moment < start + 59.999 for moment in moments) for start in moments)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("concurrency", [None, 4])
def test_in_no_minute_begin_more_calls_than_a_provider_takes(seed: int, concurrency: int | None) -> None:
    moments = begun(seed, [Terms("p", concurrency=concurrency, per_minute=7)], 60)
    assert len(moments) == 60
    assert most_in_a_minute(moments) == 7


def test_calls_begin_as_soon_as_their_minute_allows() -> None:
    moments = begun(1, [Terms("p", per_minute=7)], 60)
    assert moments[-1] - moments[0] < 60 * 60 / 7


def test_without_a_limit_more_calls_begin_in_a_minute() -> None:
    """What the tests above would see if nobody held the limit."""
    assert most_in_a_minute(begun(1, [Terms("p")], 60)) > 20


def test_who_gives_up_while_it_waits_gives_its_turn_back() -> None:
    async def main() -> None:
        limits, terms = Limits(), [Terms("p", concurrency=1)]
        async with limits.turn(terms):
            with anyio.move_on_after(5) as late:
                async with limits.turn(terms):
                    raise AssertionError
            assert late.cancelled_caught
        async with limits.turn(terms):
            pass

    run(SimulatedLoop(1), main())


def test_calls_that_may_ask_several_providers_never_wait_for_each_other_in_a_circle() -> None:
    one, other = Terms("p", concurrency=1), Terms("q", concurrency=1)

    async def turns(limits: Limits, terms: list[Terms]) -> None:
        for _ in range(50):
            async with limits.turn(terms):
                await anyio.sleep(1)

    async def main() -> None:
        limits = Limits()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(turns, limits, [one, other])
            tasks.start_soon(turns, limits, [other, one])

    run(SimulatedLoop(2), main())
