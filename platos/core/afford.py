"""What can be afforded: a call as it was wanted, else a shorter answer, else the next model, else nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from platos.core.budget import Unit, share, unit_of
from platos.core.money import Nano, Price, most_output, worst_case

__all__ = ["LEAST_OUTPUT", "Choice", "Lines", "Offer", "afford", "lines"]

LEAST_OUTPUT = 4
"""An answer is made shorter down to one part in four of what was wanted: less is seldom of use."""

Lines = tuple[tuple[str, int], ...]
"""How much each account of a path holds for a call, in its unit."""


class Offer(NamedTuple):
    """A model that may be asked, at its price; the input is at most so many tokens."""

    model: str
    price: Price
    input_bound: int


class Choice(NamedTuple):
    """A call that the headroom allows: whom to ask, how long the answer may be, and the most that it can cost."""

    offer: Offer
    max_output: int
    amount: Nano


def afford(offers: Sequence[Offer], wanted: int, rooms: Mapping[str, int], items: int) -> Choice | None:
    """The first offer, in order, that fits into every account with an answer of `wanted` tokens, or a shorter one.

    `rooms` is how much each account can still hold, in its unit; an item bears its part of a call about `items`.
    None where not even the shortest answer of any model fits.
    """
    usd, tokens, calls = (_room(rooms, unit, items) for unit in Unit)
    if calls is not None and calls < 1:
        return None
    for offer in offers:
        most = wanted if usd is None else min(wanted, most_output(offer.price, offer.input_bound, usd))
        most = most if tokens is None else min(most, tokens - offer.input_bound)
        if most >= shortest(wanted):
            return Choice(offer, most, worst_case(offer.price, offer.input_bound, most))
    return None


def shortest(wanted: int) -> int:
    """The shortest answer that is worth having where one of `wanted` tokens was wanted."""
    return max(1, wanted // LEAST_OUTPUT)


def lines(choice: Choice, accounts: Sequence[str], items: int) -> Lines:
    """What a call holds on each account of its path."""
    amounts = {
        Unit.USD: choice.amount,
        Unit.TOKENS: choice.offer.input_bound + choice.max_output,
        Unit.CALLS: 1,
    }
    return tuple((name, _held(name, amounts[unit_of(name)], items)) for name in accounts)


def _held(name: str, amount: int, items: int) -> int:
    return amount if unit_of(name) is Unit.CALLS else share(name, amount, items)


def _room(rooms: Mapping[str, int], unit: Unit, items: int) -> int | None:
    """How much can be held on all accounts of a unit; None where there are none."""
    found = [room * _bearers(name, items) for name, room in rooms.items() if unit_of(name) is unit]
    return min(found) if found else None


def _bearers(name: str, items: int) -> int:
    shared = name.startswith("item/") and unit_of(name) is not Unit.CALLS
    return max(items, 1) if shared else 1
