"""What was spent, by the days of a zone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from platos.core.budget import day_start, month_start
from platos.core.event import MoneyReserved, MoneySettled
from platos.core.instant import HOUR, MINUTE, Instant, parse_instant
from platos.core.money import Usage
from platos.store import Store, Tx, accounts, open_store

ZONES = [ZoneInfo(name) for name in ("UTC", "Asia/Kathmandu", "America/New_York")]
"""Read before the loop runs, as those of a workspace are."""

NOW = parse_instant("2026-11-21T12:00:00Z")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with open_store(tmp_path, command="test", now=NOW, inline=True) as opened:
        yield opened


async def buy(store: Store, number: int, at: Instant, charged: int, run: int | None = None) -> None:
    def bought(tx: Tx) -> None:
        usage = Usage(input=10, cached=30, output=5)
        held = MoneyReserved(
            at=at,
            reservation=number,
            accounts=(),
            amount=charged,
            specialist="watch",
            model="m",
            tier="small",
            step="s",
            run=run,
        )
        tx.record("system", held)
        tx.record("system", MoneySettled(at=at, reservation=number, charged=charged, cause="answered", usage=usage))

    await store.transact(bought)


@pytest.mark.parametrize(
    ("zone", "days"),
    [
        ("UTC", {"2026-11-20": 1, "2026-11-21": 10}),
        ("Asia/Kathmandu", {"2026-11-21": 11}),
        ("America/New_York", {"2026-11-20": 11}),
    ],
)
async def test_a_call_is_of_the_day_that_it_was_made_on_there(store: Store, zone: str, days: dict[str, int]) -> None:
    await buy(store, 1, parse_instant("2026-11-20T23:50:00Z"), 1)
    await buy(store, 2, parse_instant("2026-11-21T00:10:00Z"), 10)
    assert {row.day: row.charged for row in await accounts.spend(store, 0, zone)} == days


async def test_a_day_begins_in_the_middle_of_an_hour_where_the_zone_is_so(store: Store) -> None:
    midnight = parse_instant("2026-11-20T18:15:00Z")  # in Kathmandu
    await buy(store, 1, midnight - 1, 1)
    await buy(store, 2, midnight, 10)
    rows = await accounts.spend(store, 0, "Asia/Kathmandu")
    assert [(row.day, row.charged) for row in rows] == [("2026-11-20", 1), ("2026-11-21", 10)]


async def test_calls_of_a_day_are_one_row_whatever_the_hour(store: Store) -> None:
    for number in range(1, 5):
        await buy(store, number, NOW - number * HOUR, number)
    [row] = await accounts.spend(store, 0)
    assert (row.calls, row.charged, row.tokens_in, row.cached, row.tokens_out) == (4, 10, 160, 120, 20)


async def test_what_was_charged_between_two_moments_begins_with_the_first_and_ends_before_the_second(
    store: Store,
) -> None:
    for number, at in enumerate((NOW - 1, NOW, NOW + MINUTE, NOW + HOUR), start=1):
        await buy(store, number, at, 10**number)
    assert await accounts.charged(store, NOW, NOW + HOUR) == 1_100


async def test_what_triage_spent_is_what_no_run_did(store: Store) -> None:
    await buy(store, 1, NOW, 1)
    await buy(store, 2, NOW, 10, run=1)
    await buy(store, 3, NOW - HOUR, 100)
    assert await accounts.charged_to(store, "watch", NOW) == (11, 1)
    assert await accounts.charged_to(store, "another", NOW) == (0, 0)


@pytest.mark.parametrize(
    ("at", "zone", "before", "start"),
    [
        ("2026-11-21T12:00:00Z", "UTC", 0, "2026-11-21T00:00:00Z"),
        ("2026-11-21T12:00:00Z", "America/New_York", 1, "2026-11-20T05:00:00Z"),
        ("2026-03-08T12:00:00Z", "America/New_York", 0, "2026-03-08T05:00:00Z"),  # it has 23 hours
        ("2026-03-09T12:00:00Z", "America/New_York", 0, "2026-03-09T04:00:00Z"),
        ("2026-09-06T12:00:00Z", "America/Santiago", 0, "2026-09-06T04:00:00Z"),  # it has no midnight
        ("2026-11-01T12:00:00Z", "America/Havana", 0, "2026-11-01T04:00:00Z"),  # it has two
    ],
)
def test_a_day_begins_at_its_first_instant(at: str, zone: str, before: int, start: str) -> None:
    assert day_start(parse_instant(at), zone, before) == parse_instant(start)


def test_a_month_begins_with_its_first_day() -> None:
    assert month_start(NOW, "America/New_York") == parse_instant("2026-11-01T04:00:00Z")
