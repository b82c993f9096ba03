"""Money and prices: integers only, in nano-dollars (10**-9 USD), so that sums are exact.

The invariant of every account, in every committed state: spent + reserved <= cap + excess.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from math import ceil

import msgspec

from platos.errors import ConfigurationError

__all__ = [
    "NANO",
    "Band",
    "Nano",
    "Price",
    "Rates",
    "Usage",
    "charge_for",
    "dearest",
    "dollars",
    "most_output",
    "parse_money",
    "rates_for",
    "usual",
    "worst_case",
]

Nano = int
NANO: Nano = 1_000_000_000

_LARGEST = 9_000_000_000
"""The largest amount in US dollars: nano-dollars are kept in 64 bits."""

_MILLION = 1_000_000


class Usage(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Tokens of one model call by class, as the provider counted them. Each token is in one class.

    Of the input: `cached` was read from the provider's cache, `stored` was written into it for minutes, `stored_long`
    for an hour or more, `input` neither. Of the output: `reasoning` is what the model thought, `output` the rest.
    """

    input: int = 0
    cached: int = 0
    stored: int = 0
    stored_long: int = 0
    output: int = 0
    reasoning: int = 0

    @property
    def read(self) -> int:
        """All tokens that went in."""
        return self.input + self.cached + self.stored + self.stored_long

    @property
    def written(self) -> int:
        """All tokens that came out."""
        return self.output + self.reasoning

    @property
    def total(self) -> int:
        return self.read + self.written


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """What a million tokens of each class cost, in nano-dollars: a million, so that the cheapest are whole numbers."""

    input: Nano
    cached: Nano
    stored: Nano
    stored_long: Nano
    output: Nano
    reasoning: Nano


class Band(msgspec.Struct, frozen=True, kw_only=True):
    """Rates that hold for calls with more than `above` tokens of input, in one of the provider's service tiers.

    `service` is what the reply calls the tier (`priority`, `flex`); empty is the usual one.
    """

    rates: Rates
    above: int = 0
    service: str = ""


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """What a model costs, and the list and its version where that was read. `free` marks what the user declared so."""

    bands: tuple[Band, ...]
    source: str
    free: bool = False

    @classmethod
    def flat(cls, *, input: Nano, output: Nano, source: str, free: bool = False) -> Price:
        """One rate for whatever goes in, and one for whatever comes out, of a million tokens."""
        rates = Rates(input=input, cached=input, stored=input, stored_long=input, output=output, reasoning=output)
        return cls(bands=(Band(rates=rates),), source=source, free=free)


def rates_for(price: Price, read: int, service: str = "") -> Rates:
    """The rates of a call that read so many tokens; those of the usual tier where the list has none for its tier."""
    reached = [band for band in price.bands if band.above < max(read, 1)]
    own = [band for band in reached if band.service == service] or [band for band in reached if not band.service]
    return max(own, key=lambda band: band.above).rates


def usual(price: Price) -> Price:
    """The price of short calls in the usual service tier alone: for estimates over many calls."""
    return Price(bands=(Band(rates=rates_for(price, 1)),), source=price.source, free=price.free)


def dearest(price: Price, input_bound: int) -> Rates:
    """The highest rate of each class that can apply to a call whose input is at most so many tokens."""
    reached = [band.rates for band in price.bands if band.above < max(input_bound, 1)]
    return Rates(**{name: max(getattr(rates, name) for rates in reached) for name in Rates.__struct_fields__})


def charge_for(price: Price, usage: Usage, service: str = "") -> Nano:
    """What a call costs: every class of tokens at its rate, the sum rounded up."""
    return _rounded(sum(_parts(rates_for(price, usage.read, service), usage)))


def worst_case(price: Price, input_bound: int, max_output: int) -> Nano:
    """The most that a call can cost: an upper bound on its input, and all the output that it may use, reasoning
    included, at the dearest rates that can apply. A cache for an hour has to be asked for, and is not."""
    read, written = _dear(price, input_bound)
    return _rounded(input_bound * read + max_output * written)


def most_output(price: Price, input_bound: int, headroom: Nano) -> int:
    """How many tokens of output a call may use whose worst case must fit; negative where the input alone does not."""
    read, written = _dear(price, input_bound)
    left = headroom * _MILLION - input_bound * read
    return left // written if written else (_LARGEST if left >= 0 else -1)


def _dear(price: Price, input_bound: int) -> tuple[Nano, Nano]:
    rates = dearest(price, input_bound)
    return max(rates.input, rates.cached, rates.stored), max(rates.output, rates.reasoning)


def _parts(rates: Rates, usage: Usage) -> Iterator[int]:
    for name in Rates.__struct_fields__:
        yield getattr(rates, name) * getattr(usage, name)


def _rounded(millionths: int) -> Nano:
    return -(-millionths // _MILLION)  # up: a cap must hold


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
