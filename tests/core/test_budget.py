"""Windows in every zone, whatever its clocks do, and the path of accounts that pays for a call."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core import budget as budgeting
from platos.core.budget import (
    Budget,
    Cap,
    CommonBudget,
    NamedBudget,
    Unit,
    Window,
    date,
    month,
    root_of,
    run_path,
    share,
    triage_path,
    unit_of,
    window_end,
)
from platos.core.instant import DAY, HOUR, MINUTE, Instant, iso, parse_instant, to_datetime

ZONES = sorted(available_timezones())
ODD = ("America/Santiago", "America/Havana", "Asia/Beirut", "Africa/Cairo", "Australia/Lord_Howe", "Pacific/Apia")
"""Zones whose clocks are changed at midnight, or by half an hour."""

YEARS = range(2015, 2037)
NAMES = {Window.DAY: date, Window.MONTH: month}
zones = st.one_of(st.sampled_from(ODD), st.sampled_from(ZONES))
windows = st.sampled_from(Window)
caps = st.builds(
    Cap,
    usd=st.none() | st.integers(0, 10**10),
    tokens=st.none() | st.integers(0, 10**6),
    calls=st.none() | st.integers(0, 99),
)
budgets = st.builds(
    Budget,
    day=caps,
    triage_day=caps,
    run=caps,
    month=caps,
    wake=caps,
    item=caps,
    accounts=st.sampled_from([(), ("labs",), ("labs", "gone")]),
)
commons = st.builds(
    CommonBudget,
    zone=zones,
    day=caps,
    month=caps,
    named=st.fixed_dictionaries({"labs": st.builds(NamedBudget, zone=zones, day=caps, month=caps)}),
)
item_numbers = st.lists(st.integers(1, 50), unique=True, max_size=4)


@cache
def changes(zone: str, year: int) -> tuple[Instant, ...]:
    """When the clocks of a zone are changed in a year, to the minute."""
    start = parse_instant(f"{year}-01-01")
    days = range(start, start + 367 * DAY, DAY)
    return tuple(_change(zone, before, after) for before, after in pairwise(days) if _offset(zone, before, after))


def _offset(zone: str, before: Instant, after: Instant) -> bool:
    return _at(zone, before) != _at(zone, after)


def _at(zone: str, at: Instant) -> timedelta | None:
    return to_datetime(at).astimezone(ZoneInfo(zone)).utcoffset()


def _change(zone: str, before: Instant, after: Instant) -> Instant:
    while after - before > MINUTE:
        middle = (before + after) // 2 // MINUTE * MINUTE
        before, after = (before, middle) if _offset(zone, before, middle) else (middle, after)
    return after


@st.composite
def moments(draw: st.DrawFn) -> tuple[str, Instant]:
    """A zone, and a moment: any, or one around a change of its clocks."""
    zone, year = draw(zones), draw(st.sampled_from(YEARS))
    near = draw(st.sampled_from(changes(zone, year) or (parse_instant(f"{year}-06-01"),)))
    away = draw(st.one_of(st.integers(-2, 2), st.integers(-2 * HOUR, 2 * HOUR), st.integers(-200 * DAY, 200 * DAY)))
    return zone, near + away


@given(moments(), windows)
def test_a_window_ends_at_the_first_instant_of_the_next(moment: tuple[str, Instant], window: Window) -> None:
    zone, at = moment
    check_end(at, window_end(window, at, zone), zone, window)


def check_end(at: Instant, end: Instant, zone: str, window: Window) -> None:
    """Does the window around a moment end then?"""
    name = NAMES[window]
    assert at < end
    assert name(end - 1, zone) == name(at, zone)
    assert name(end, zone) > name(at, zone)


@given(moments(), windows, st.floats(0, 1))
def test_every_instant_up_to_its_end_lies_in_the_same_window_and_in_no_other(
    moment: tuple[str, Instant], window: Window, part: float
) -> None:
    zone, at = moment
    end, name = window_end(window, at, zone), NAMES[window]
    between = at + int(part * (end - 1 - at))
    assert (name(between, zone), window_end(window, between, zone)) == (name(at, zone), end)


@given(moments())
def test_a_month_is_days_one_after_another(moment: tuple[str, Instant]) -> None:
    zone, at = moment
    end, days = window_end(Window.MONTH, at, zone), [window_end(Window.DAY, at, zone)]
    while days[-1] < end:
        days.append(window_end(Window.DAY, days[-1], zone))
    assert days[-1] == end
    assert all(20 * HOUR <= later - earlier <= 28 * HOUR for earlier, later in pairwise(days))


def test_a_day_that_a_zone_left_out_has_no_window() -> None:
    """Samoa went over the date line: the 29th of December 2011 was followed by the 31st."""
    end = window_end(Window.DAY, parse_instant("2011-12-29T12:00", "Pacific/Apia"), "Pacific/Apia")
    assert iso(end) == "2011-12-30T10:00:00Z"
    assert date(end, "Pacific/Apia") == "2011-12-31"


def test_a_day_whose_midnight_does_not_exist_begins_when_it_begins() -> None:
    end = window_end(Window.DAY, parse_instant("2026-09-05T12:00", "America/Santiago"), "America/Santiago")
    assert end == parse_instant("2026-09-06T01:00", "America/Santiago")


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25"])
def test_a_day_that_is_taken_for_24_hours_is_noticed(day: str) -> None:
    """Planted: the end of a window without the changes of the clocks."""
    midnight = parse_instant(day, "Europe/Vienna")
    with pytest.raises(AssertionError):
        check_end(midnight, midnight + DAY, "Europe/Vienna", Window.DAY)


@given(budgets, commons, moments(), item_numbers, st.booleans())
def test_a_path_has_an_account_for_every_cap_and_names_each_once(
    budget: Budget, common: CommonBudget, moment: tuple[str, Instant], items: list[int], triage: bool
) -> None:
    zone, at = moment
    path = _path(budget, common, zone, at, items, triage)
    names = [account.name for account in path]
    assert len(set(names)) == len(names)
    bearing = [common.day, common.month, budget.day, budget.month, *([budget.item] * len(items))]
    bearing += [budget.triage_day, budget.wake] if triage else [budget.run]
    for name in budget.accounts:
        named = common.named.get(name, NamedBudget(day=Cap(usd=0)))
        bearing += [named.day, named.month]
    wanted = [(unit, cap) for each in bearing for unit in Unit if (cap := getattr(each, unit)) is not None]
    assert sorted((unit_of(account.name), account.cap) for account in path) == sorted(wanted)


@given(budgets, commons, moments(), item_numbers, st.booleans())
def test_the_root_of_an_account_is_its_name_in_every_window_and_unit(
    budget: Budget, common: CommonBudget, moment: tuple[str, Instant], items: list[int], triage: bool
) -> None:
    zone, at = moment
    roots = {root_of(account.name) for account in _path(budget, common, zone, at, items, triage)}
    known = {"all", "specialist/ana", "triage/ana", "wake/ana", "run/7", *(f"named/{name}" for name in budget.accounts)}
    assert roots <= known | {f"item/{item}" for item in items}
    later = _path(budget, common, zone, at + 40 * DAY, items, triage)
    assert {root_of(account.name) for account in later} == roots


@given(budgets, commons, moments(), st.integers(0, 80 * DAY), st.booleans())
def test_an_account_of_a_window_is_the_same_up_to_its_end_and_another_from_then_on(
    budget: Budget, common: CommonBudget, moment: tuple[str, Instant], later: int, triage: bool
) -> None:
    zone, at = moment
    then = {account.name for account in _path(budget, common, zone, at + later, [1], triage)}
    for account in _path(budget, common, zone, at, [1], triage):
        if not account.name.startswith("wake/"):  # which is over when its wake-up is, and that may be at once
            assert (account.name in then) == (account.ends is None or at + later < account.ends)


@given(st.integers(0, 10**12), st.integers(1, 60), st.sampled_from(["item/3/2026-03", "item/3/2026-03:tokens"]))
def test_items_bear_all_of_an_amount_together_and_less_than_one_each_too_much(
    amount: int, items: int, name: str
) -> None:
    assert amount <= items * share(name, amount, items) < amount + items


@given(st.integers(0, 10**12), st.integers(0, 60), st.sampled_from(["all/2026-03", "run/7", "named/item/2026-03"]))
def test_whoever_is_no_item_bears_an_amount_as_a_whole(amount: int, items: int, name: str) -> None:
    assert share(name, amount, items) == amount


def _path(
    budget: Budget, common: CommonBudget, zone: str, at: Instant, items: list[int], triage: bool
) -> tuple[budgeting.Account, ...]:
    if triage:
        return triage_path("ana", budget, common, zone=zone, at=at, wake=1_790_000_000_000_000, items=items)
    return run_path("ana", budget, common, zone=zone, at=at, run=7, items=items)
