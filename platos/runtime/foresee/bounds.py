"""Bounds: what holds, whatever a reckoning says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from platos.core.budget import Cap, Unit
from platos.core.money import Nano, Price, Rates
from platos.runtime.foresee.told import Bound, NodeForeseen, Reckoned
from platos.runtime.measures.accounts import AccountState

__all__ = ["Least", "bounds_of", "least"]


class Least(NamedTuple):
    """The smallest of several bounds, and the name of it; None where there is none."""

    nano: Nano | None
    because: str


def least(nano: Nano | None, bounds: Iterable[Bound], because: str = "the sum of all calls at worst") -> Least:
    """The smallest bound, and which that is; what was there before wins where it is no larger."""
    found = Least(nano, because if nano is not None else "")
    for bound in bounds:
        if found.nano is None or bound.nano < found.nano:
            found = Least(bound.nano, bound.name)
    return found


def bounds_of(of: Reckoned, nodes: Iterable[NodeForeseen], paying: Iterable[AccountState]) -> Iterator[Bound]:
    """The run's own cap and its items', then the accounts whose windows are open."""
    priced = [each.price for tier in of.models.values() for each in tier if each.price is not None]
    dear = _Dear(max((node.attempt_nano for node in nodes), default=0), max(map(_per_million, priced), default=0))
    items = len(of.texts)
    of_items = "the cap of its item" if items == 1 else f"the caps of its {items} items"
    for name, cap, times in (("the run's cap", of.its.budget.run, 1), (of_items, of.its.budget.item, items)):
        for unit, most in _lines(cap):
            yield dear.bound(name, unit, most * times)
    for each in paying:
        left = 0 if each.frozen else max(0, each.cap - each.spent - each.held)
        yield dear.bound(f"what is left of {each.account}", Unit(each.unit), left, window=True)


class _Dear(NamedTuple):
    """The most that one call can cost, and a million tokens."""

    call: Nano
    million: Nano

    def bound(self, name: str, unit: Unit, left: int, *, window: bool = False) -> Bound:
        money = {Unit.USD: left, Unit.CALLS: left * self.call, Unit.TOKENS: -(-left * self.million // 1_000_000)}
        return Bound(name=name, unit=unit, left=left, nano=money[unit], window=window)


def _lines(cap: Cap) -> Iterator[tuple[Unit, int]]:
    for unit in Unit:
        most = getattr(cap, unit)
        if most is not None:
            yield unit, most


def _per_million(price: Price) -> Nano:
    """The dearest that a million tokens of any class can be."""
    rates: list[Nano] = [getattr(band.rates, name) for band in price.bands for name in Rates.__struct_fields__]
    return max(rates)
