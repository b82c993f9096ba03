"""The source `every`: the slot itself is the item."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from platos.clock import VirtualClock
from platos.core.instant import MINUTE, SECOND, parse_instant
from platos.sources.every import Every
from platos.testing.source import check_source, environment_in

START = parse_instant("2026-11-21T09:30:12Z")


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(START)


@pytest.fixture
def every(tmp_path: Path, clock: VirtualClock) -> Every:
    return Every(Every.Options(text="Roll up the week."), replace(environment_in(tmp_path), clock=clock))


async def test_every_keeps_the_contract(every: Every, clock: VirtualClock) -> None:
    await check_source(lambda: every, lambda: clock.advance_to(START + MINUTE))


async def test_a_poll_yields_its_minute(every: Every) -> None:
    (item,) = (await every.poll(None)).items
    assert (item.id, item.title) == ("2026-11-21T09:30:00Z", "every 2026-11-21T09:30:00Z")
    assert (item.text, item.kind) == ("Roll up the week.", "slot")
    assert item.ts == parse_instant("2026-11-21T09:30:00Z")


async def test_a_second_poll_in_the_same_minute_yields_nothing(every: Every, clock: VirtualClock) -> None:
    first = await every.poll(None)
    clock.advance_to(START + 47 * SECOND)
    assert await every.poll(first.cursor) == type(first)(cursor=first.cursor)
