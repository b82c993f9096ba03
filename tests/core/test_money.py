"""Sums that are exact, and prices that are never rounded down."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.money import (
    NANO,
    Band,
    Price,
    Rates,
    Usage,
    charge_for,
    dearest,
    dollars,
    most_output,
    parse_money,
    rates_for,
    worst_case,
)
from platos.errors import ConfigurationError

SERVICES = ("", "priority", "flex")
CLASSES = Rates.__struct_fields__

rate = st.integers(1, 10**12)
rates = st.builds(Rates, **dict.fromkeys(CLASSES, rate))
bands = st.builds(Band, rates=rates, above=st.sampled_from([0, 200_000]), service=st.sampled_from(SERVICES))


@st.composite
def _prices(draw: st.DrawFn) -> Price:
    """Whatever a list says, it has rates for a short call in the usual tier."""
    usual = Band(rates=draw(rates))
    return Price(bands=(usual, *draw(st.lists(bands, max_size=4))), source="a list")


prices = _prices()


@st.composite
def _usages(draw: st.DrawFn, read: int, written: int) -> Usage:
    """No more than so many tokens in and out, in whatever classes, but not kept for an hour: that is not asked for."""
    found: dict[str, int] = {}
    for name, left in (
        ("input", read),
        ("cached", read),
        ("stored", read),
        ("output", written),
        ("reasoning", written),
    ):
        used = sum(found.get(each, 0) for each in (CLASSES[:4] if name in CLASSES[:4] else CLASSES[4:]))
        found[name] = draw(st.integers(0, left - used))
    return Usage(**found)


@given(prices, st.integers(0, 400_000), st.integers(0, 100_000), st.sampled_from(SERVICES), st.data())
def test_no_call_within_its_bounds_costs_more_than_the_worst_case(
    price: Price, bound: int, most: int, service: str, data: st.DataObject
) -> None:
    usage = data.draw(_usages(bound, most))
    assert charge_for(price, usage, service) <= worst_case(price, bound, most)


@given(prices, st.integers(0, 400_000), st.integers(0, 100_000), st.data())
def test_a_charge_is_the_exact_sum_over_the_classes_rounded_up(
    price: Price, read: int, written: int, data: st.DataObject
) -> None:
    usage = data.draw(_usages(read, written))
    held = rates_for(price, usage.read)
    exact = sum(Fraction(getattr(usage, name) * getattr(held, name), 1_000_000) for name in CLASSES)
    assert exact <= charge_for(price, usage) < exact + 1


@given(prices, st.integers(0, 400_000), st.integers(0, 10**12))
def test_the_longest_answer_that_fits_is_found(price: Price, bound: int, headroom: int) -> None:
    most = most_output(price, bound, headroom)
    assert most < 0 or worst_case(price, bound, most) <= headroom
    assert worst_case(price, bound, max(most, -1) + 1) > headroom


def test_a_band_holds_above_its_length_and_for_its_service() -> None:
    usual, long, fast = (Price.flat(input=n, output=n, source="").bands[0].rates for n in (1, 2, 3))
    price = Price(
        bands=(Band(rates=usual), Band(rates=long, above=1_000), Band(rates=fast, service="priority")), source="a list"
    )
    assert [rates_for(price, read) for read in (0, 1_000, 1_001)] == [usual, usual, long]
    assert (rates_for(price, 5_000, "priority"), rates_for(price, 1, "unheard of")) == (fast, usual)
    assert (dearest(price, 1_000).input, dearest(Price(bands=price.bands[:2], source=""), 1_000).input) == (3, 1)


def test_a_single_token_of_the_cheapest_model_is_not_free() -> None:
    assert charge_for(Price.flat(input=1, output=0, source="a list"), Usage(input=1)) == 1


@pytest.mark.parametrize("written", [1.5, "1.50", "$1.50", "1.50 USD", " $ 1.50 ", Decimal("1.5")])
def test_an_amount_may_be_written_in_several_ways(written: str | float | Decimal) -> None:
    assert parse_money(written) == 1_500_000_000


@pytest.mark.parametrize("written", ["", "a lot", "-1", -0.01, "nan", "inf", "1 EUR", "1e999999", "9000000001"])
def test_what_is_no_amount_is_refused(written: str | float) -> None:
    with pytest.raises(ConfigurationError, match="not an amount"):
        parse_money(written)


@given(st.decimals(0, 9_000_000_000, allow_nan=False))
def test_an_amount_is_never_read_as_less_than_was_written(written: Decimal) -> None:
    assert 0 <= parse_money(written) - Fraction(written) * NANO < 1


@given(st.integers(0, 9 * 10**15).map(lambda micro: micro * 1000))
def test_what_is_shown_reads_back_as_the_same_amount(amount: int) -> None:
    assert parse_money(dollars(amount)) == amount


@pytest.mark.parametrize(
    ("amount", "shown"),
    [
        (0, "$0.00"),
        (NANO, "$1.00"),
        (12_300_000, "$0.0123"),
        (500_000_000, "$0.50"),
        (999, "<$0.000001"),
        (1234 * NANO, "$1234.00"),
    ],
)
def test_an_amount_is_shown_with_two_to_six_decimals(amount: int, shown: str) -> None:
    assert dollars(amount) == shown
