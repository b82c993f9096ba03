"""What is measured of models, and what is told when one is not what it was."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from itertools import count, islice
from pathlib import Path
from typing import Any

import pytest

from platos.cli._watch import tell_new
from platos.clock import InlineOffload
from platos.core.event import Event, MoneyReserved, MoneySettled, RunMoved, RunOpened
from platos.core.instant import DAY, HOUR, Instant
from platos.core.money import Usage
from platos.core.state import State
from platos.runtime.measures.models import ModelState, read_models
from platos.store import Store, Tx, journal, open_store

NOW: Instant = 20_780 * DAY + 12 * HOUR
LATELY, BEFORE, LONG_AGO = NOW - HOUR, NOW - 10 * DAY, NOW - 40 * DAY

Ask = Callable[..., Any]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, command="test", now=NOW, inline=True) as opened:
        yield opened


def record(tx: Tx, chain: str, events: list[Event]) -> None:
    for event in events:
        tx.record(chain, event)


@pytest.fixture
def ask(store: Store) -> Ask:
    """`ask(20, at=BEFORE, finish="refused")`: so many calls of the model `m`, answered by `m-1`."""
    numbers = count(1)

    async def asked(
        calls: int, *, at: Instant = LATELY, cause: str = "first", run: int | None = None, **settled: Any
    ) -> None:
        events: list[Event] = []
        for number in islice(numbers, calls):
            values = {"cause": "answered", "served": "m-1", "usage": Usage(input=10, cached=30, output=5), **settled}
            held = MoneyReserved(
                at=at,
                reservation=number,
                accounts=(),
                amount=9,
                specialist="watch",
                model="m",
                tier="small",
                step="s",
                cause=cause,
                run=run,
            )
            events += [held, MoneySettled(at=at, reservation=number, charged=2, **values)]
        await store.transact(record, "system", events)

    return asked


@pytest.fixture
async def model(store: Store) -> Callable[[], Any]:
    """`model()`: how the model stands at NOW."""

    async def read() -> ModelState:
        [found] = await read_models(store, InlineOffload(), NOW)
        return found

    return read


async def test_calls_tokens_and_money_are_those_of_the_last_day_and_of_thirty_before(ask: Ask, model: Ask) -> None:
    await ask(2)
    await ask(3, at=BEFORE)
    await ask(4, at=LONG_AGO)
    found = await model()
    assert (found.lately.calls, found.before.calls) == (2, 3)
    assert (found.lately.tokens["cached"], found.lately.tokens["output"], found.lately.cost_nano) == (60, 10, 4)
    assert (found.lately.cached_share, found.served) == (0.75, ("m-1",))


async def test_refusals_and_repairs_are_shares_of_what_was_answered(ask: Ask, model: Ask) -> None:
    await ask(6)
    await ask(1, finish="refused")
    await ask(1, cause="repair")
    found = (await model()).lately
    assert found.answered == 8
    assert (found.refusal, found.repair) == (1 / 8, 1 / 8)


async def test_what_was_not_answered_is_in_no_rate(store: Store, ask: Ask, model: Ask) -> None:
    await ask(4)
    silent = MoneyReserved(
        at=LATELY, reservation=99, accounts=(), amount=9, specialist="watch", model="m", tier="small", step="s"
    )
    await store.transact(
        record, "system", [silent, MoneySettled(at=LATELY, reservation=99, charged=9, cause="unknown")]
    )
    found = (await model()).lately
    assert (found.calls, found.answered) == (5, 4)


async def test_a_run_in_which_a_model_was_not_sure_is_a_review_of_every_model_that_it_asked(
    store: Store, ask: Ask, model: Ask
) -> None:
    definition = await store.transact(journal.put_payload, b"{}")
    for run, waits in ((1, ("low confidence",)), (2, ("g1",)), (3, ("review",)), (4, ())):
        opened = RunOpened(at=LATELY, run=run, specialist="watch", definition=definition, items=(run,))
        working = RunMoved(at=LATELY, run=run, old=State.PENDING, new=State.RUNNING)
        waiting = RunMoved(at=LATELY, run=run, old=State.RUNNING, new=State.NEEDS_REVIEW, waits=waits)
        going_on = RunMoved(at=LATELY, run=run, old=State.NEEDS_REVIEW, new=State.RUNNING)
        await store.transact(record, f"r{run}", [opened, working, waiting, going_on])
        await ask(run, run=run)
    assert (await model()).lately.review == 1 / 4


@pytest.mark.parametrize(
    ("what", "values"), [("refusal", {"finish": "refused"}), ("repair", {"cause": "repair"})], ids=["refusal", "repair"]
)
async def test_a_rate_that_is_not_what_it_was_is_an_alarm(
    ask: Ask, model: Ask, what: str, values: dict[str, str]
) -> None:
    await ask(200, at=BEFORE)
    await ask(20)
    assert (await model()).alarms == ()
    await ask(20, **values)
    [alarm] = (await model()).alarms
    assert (alarm.model, alarm.what) == ("m", what)
    assert f"its {what} rate was 0.0% and is 50.0% over the last day (20 of 40; p = " in alarm.says


async def test_of_less_than_twenty_answers_nothing_is_said(ask: Ask, model: Ask) -> None:
    await ask(200, at=BEFORE)
    await ask(19, finish="refused")
    assert (await model()).alarms == ()


async def test_another_model_under_the_same_name_is_an_alarm(ask: Ask, model: Ask) -> None:
    await ask(1, at=BEFORE)
    await ask(1)
    assert (await model()).alarms == ()
    await ask(1, served="m-2")
    [alarm] = (await model()).alarms
    assert alarm.what == "served"
    assert "m-2 has served it since" in alarm.says
    assert "before it was m-1" in alarm.says


async def test_a_model_that_was_never_asked_before_is_served_by_no_stranger(ask: Ask, model: Ask) -> None:
    await ask(1)
    assert (await model()).alarms == ()


async def test_an_alarm_is_logged_once_while_it_stands_and_again_when_it_comes_back(
    ask: Ask, model: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    await ask(1, at=BEFORE)
    await ask(1, served="m-2\x1b[31m")
    with caplog.at_level(logging.WARNING, "platos"):
        told = tell_new([await model()], ())
        told = tell_new([await model()], told)
        assert len(caplog.messages) == 1
        assert caplog.messages[0].isprintable()
        assert tell_new([], told) == frozenset()
        tell_new([await model()], ())
    assert len(caplog.messages) == 2
