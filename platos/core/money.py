"""Money and prices: integers only, in nano-dollars (10**-9 USD), so that sums are exact.

The invariant of every account, in every committed state: spent + reserved <= cap + excess.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil

import msgspec

from platos.errors import ConfigurationError

__all__ = ["NANO", "Nano", "Price", "Usage", "charge_for", "dollars", "parse_money", "worst_case"]

Nano = int
NANO: Nano = 1_000_000_000

_LARGEST = 9_000_000_000
"""The largest amount in US dollars: nano-dollars are kept in 64 bits."""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a million tokens cost, in nano-dollars, and where that was read.

    A million, so that the cheapest list prices are whole numbers. `free` marks what the user declared to be free.
    """

    input: Nano
    output: Nano
    source: str
    free: bool = False


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens of one model call, as the provider counted them."""

    input: int = 0
    output: int = 0


def _per_million(tokens: int, price: Nano) -> Nano:
    return -(-tokens * price // 1_000_000)  # rounded up: a cap must hold


def charge_for(price: Price, usage: Usage) -> Nano:
    """What a call costs."""
    return _per_million(usage.input, price.input) + _per_million(usage.output, price.output)


def worst_case(price: Price, input_bound: int, max_output: int) -> Nano:
    """The most that a call can cost: an upper bound on its input and every output token that it may use."""
    return charge_for(price, Usage(input=input_bound, output=max_output))


def parse_money(value: str | int | float | Decimal) -> Nano:
    """Nano-dollars from `1.50`, `"1.50"`, `"$1.50"` or `"1.50 USD"`; never below what was written.

    Raises ConfigurationError.
    """
    text = str(value).strip().removeprefix("$").removesuffix("USD").strip()
    try:
        amount = Decimal(text)
    except InvalidOperation:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= _LARGEST:
        raise ConfigurationError(
            f"{value!r} is not an amount of money", expected='US dollars, as in 0.50 or "0.50 USD"'
        )
    return ceil(Fraction(amount) * NANO)


def dollars(amount: Nano) -> str:
    """`$0.0123` for people: two decimals at least, six at most; `<$0.000001` for the smallest."""
    if 0 < amount < 1000:
        return "<$0.000001"
    text = f"{Decimal(amount) / NANO:.6f}".rstrip("0")
    whole, _, fraction = text.partition(".")
    return f"${whole}.{fraction.ljust(2, '0')}"
