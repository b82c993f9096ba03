"""The forecast for a month, each worked out by hand."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from platos.core.event import Event, MoneyReserved, MoneySettled, SourceFailed
from platos.core.instant import DAY, HOUR, Instant, parse_instant
from platos.core.schedule import check_zone
from platos.runtime.measures.forecast import Forecast, read_forecast
from platos.store import Store, Tx, open_store

NEW_YORK = "America/New_York"
check_zone(NEW_YORK)  # a zone is read when it is checked, where a specialist is loaded: never on the loop
NOON = parse_instant("2026-11-20T12:00:00Z")
"""Ten and a half days are left of the month in UTC."""


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, command="test", now=NOON, inline=True) as opened:
        yield opened


def record(tx: Tx, events: tuple[Event, ...]) -> None:
    for event in events:
        tx.record("system", event)


async def began(store: Store, at: Instant) -> None:
    await store.transact(record, (SourceFailed(at=at, specialist="watch", source="s", where="w", why=""),))


async def buy(store: Store, number: int, at: Instant, charged: int) -> None:
    held = MoneyReserved(
        at=at, reservation=number, accounts=(), amount=charged, specialist="watch", model="m", tier="small", step="s"
    )
    await store.transact(record, (held, MoneySettled(at=at, reservation=number, charged=charged, cause="answered")))


async def forecast(store: Store, zone: str = "UTC", cap: int | None = None) -> Forecast:
    return await read_forecast(store, NOON, zone, cap)


async def test_it_is_what_was_spent_and_the_mean_of_the_whole_days_for_those_that_are_left(store: Store) -> None:
    await began(store, NOON - 3 * DAY)
    await buy(store, 1, NOON - 3 * DAY, 1_000)  # on a day that was not whole
    await buy(store, 2, NOON - 2 * DAY, 100)
    await buy(store, 3, NOON - DAY, 300)
    await buy(store, 4, NOON, 7)  # today
    found = await forecast(store)
    assert (found.month, found.days, found.spent_nano) == ("2026-11", 2, 1_407)
    assert found.nano == 1_407 + 200 * 21 // 2


async def test_before_a_whole_day_there_is_none(store: Store) -> None:
    assert (await forecast(store)).nano is None
    await began(store, NOON - DAY)
    await buy(store, 1, NOON - HOUR, 100)
    found = await forecast(store)
    assert (found.days, found.nano, found.spent_nano) == (0, None, 100)


async def test_a_day_that_began_with_the_first_entry_is_whole(store: Store) -> None:
    await began(store, NOON - 36 * HOUR)
    assert (await forecast(store)).days == 1


async def test_it_looks_back_a_week_at_most(store: Store) -> None:
    await began(store, NOON - 20 * DAY)
    await buy(store, 1, NOON - 8 * DAY, 7_000)
    found = await forecast(store)
    assert (found.days, found.nano) == (7, 7_000)


async def test_months_and_days_are_those_of_the_zone(store: Store) -> None:
    await began(store, parse_instant("2026-10-20T00:00:00Z"))
    await buy(store, 1, parse_instant("2026-11-01T03:30:00Z"), 100)  # October in New York
    assert (await forecast(store)).spent_nano == 100
    assert (await forecast(store, NEW_YORK)).spent_nano == 0


async def test_the_months_cap_stands_beside_it(store: Store) -> None:
    assert (await forecast(store, cap=5)).cap_nano == 5
    assert (await forecast(store)).cap_nano is None
