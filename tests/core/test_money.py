"""Sums that are exact, and prices that are never rounded down."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.money import NANO, Price, Usage, charge_for, dollars, parse_money, worst_case
from platos.errors import ConfigurationError

tokens = st.integers(0, 10**9)
prices = st.builds(
    Price, input=st.integers(0, 10**12), output=st.integers(0, 10**12), source=st.just("a list"), free=st.just(False)
)


@given(prices, tokens, tokens)
def test_a_charge_is_never_below_the_exact_price_nor_two_nano_dollars_above(
    price: Price, asked: int, answered: int
) -> None:
    exact = Fraction(asked * price.input + answered * price.output, 1_000_000)
    assert exact <= charge_for(price, Usage(input=asked, output=answered)) < exact + 2


@given(prices, tokens, tokens, st.data())
def test_no_call_within_its_bounds_costs_more_than_the_worst_case(
    price: Price, bound: int, most: int, data: st.DataObject
) -> None:
    usage = Usage(input=data.draw(st.integers(0, bound)), output=data.draw(st.integers(0, most)))
    assert charge_for(price, usage) <= worst_case(price, bound, most)


def test_a_single_token_of_the_cheapest_model_is_not_free() -> None:
    assert charge_for(Price(input=1, output=0, source="a list"), Usage(input=1)) == 1


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
