"""What a day costs, and what it would have cost: list prices, and assumptions that are printed beside them."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from platos.core.money import Nano, Price, Usage, charge_for
from platos.models._prices import base_price
from platos.store.accounts import SpendRow

__all__ = [
    "ASSUMED",
    "ASSUMED_CALLS",
    "ASSUMED_EVERY_WAKE",
    "FAMILIES",
    "Comparison",
    "asked_in",
    "compare",
    "every_wake",
    "tokens_of",
    "words_at",
]

FAMILIES = (("claude-opus-4-5", "claude-haiku-4-5"), ("gpt-5.2", "gpt-5-mini"))
"""Frontier models and the small ones beside them, by the names that the price table has."""

_CHARS_A_TOKEN = 4
_OUTPUT, _OUTPUT_IF_QUIET = 300, 20
_TOKENS_A_WORD = Fraction(3, 2)  # six characters, the space after it among them

ASSUMED_EVERY_WAKE = (
    f"Every wake: its scope and instructions and what is new, at {_CHARS_A_TOKEN} characters a token, and"
    f" {_OUTPUT} tokens of output, {_OUTPUT_IF_QUIET} where nothing is new."
)
ASSUMED_CALLS = f"the calls that were made; a word is {float(_TOKENS_A_WORD):g} tokens."
ASSUMED = f"{ASSUMED_EVERY_WAKE} This day: {ASSUMED_CALLS}"


class Comparison(NamedTuple):
    """In nano-dollars at list prices: this very day with two models, and had every wake gone to the frontier one.

    `prices` says where these were read.
    """

    frontier: str
    small: str
    this_day: Nano
    every_wake: Nano
    prices: str


def compare(
    spent: Iterable[SpendRow], *, wakes: int, quiet: int, scope_chars: int, item_chars: int
) -> list[Comparison]:
    """For each family of models that the price table knows. Offline, a call's tokens are words."""
    rows = list(spent)
    compared = []
    for frontier, small in FAMILIES:
        dear, cheap = base_price(frontier), base_price(small)
        if dear is not None and cheap is not None:
            this_day = sum(_at_price(row, cheap if row.tier == "triage" else dear) for row in rows)
            naive = every_wake(dear, wakes=wakes, quiet=quiet, scope_chars=scope_chars, item_chars=item_chars)
            compared.append(Comparison(frontier, small, this_day, naive, dear.source))
    return compared


def every_wake(price: Price, *, wakes: int, quiet: int, scope_chars: int, item_chars: int) -> Nano:
    """What it costs where every wake-up asks a model of that price: the scope each time, and every item once."""
    written = _OUTPUT * (wakes - quiet) + _OUTPUT_IF_QUIET * quiet
    return charge_for(price, Usage(input=tokens_of(scope_chars * wakes + item_chars), output=written))


def asked_in(scope_chars: int, item_chars: int) -> Usage:
    """The tokens of one such wake-up."""
    return Usage(input=tokens_of(scope_chars + item_chars), output=_OUTPUT if item_chars else _OUTPUT_IF_QUIET)


def tokens_of(chars: int) -> int:
    """An estimate for text of so many characters."""
    return ceil(chars / _CHARS_A_TOKEN)


def words_at(price: Price, read: int, written: int) -> Nano:
    """What offline calls would cost, whose tokens are words."""
    return charge_for(price, Usage(input=ceil(read * _TOKENS_A_WORD), output=ceil(written * _TOKENS_A_WORD)))


def _at_price(row: SpendRow, price: Price) -> Nano:
    return words_at(price, row.tokens_in, row.tokens_out)
