"""Money and a replay: what it may really spend, and what a naive agent would have spent instead."""

from __future__ import annotations

from typing import NamedTuple

from platos.app import App
from platos.cli._list_prices import every_wake
from platos.cli._models import ModelTold, model_part, tell_models
from platos.core.money import Nano, Price, usual
from platos.core.specialist import Specialist
from platos.models._prices import base_price

__all__ = ["Naive", "naive_of", "paid_models"]

_DEAREST = "claude-opus-4-5"
"""The model of the estimate, where the specialist's own costs nothing."""


class Naive(NamedTuple):
    """An agent that asks its frontier model at every wake-up, and what a million tokens of that cost."""

    model: str
    price: Price

    def cost(self, wakes: int, quiet: int, scope_chars: int, item_chars: int) -> Nano:
        """An estimate: the scope each time, and every item once."""
        return every_wake(self.price, wakes=wakes, quiet=quiet, scope_chars=scope_chars, item_chars=item_chars)


def naive_of(app: App, specialist: Specialist) -> Naive:
    """The specialist's own frontier model where it is paid for, else one whose price is known. Blocking."""
    own = specialist.models["frontier"][0]
    price = model_part(app, own).price(own)
    if price is not None and not price.free:
        return Naive(own, usual(price))
    listed = base_price(_DEAREST)
    assert listed is not None, f"litellm's table has no price for {_DEAREST}"
    return Naive(_DEAREST, listed)


def paid_models(app: App, specialist: Specialist) -> list[ModelTold]:
    """The specialist's models that cost money. Blocking."""
    return [each for each in tell_models(app, specialist) if each.priced and not each.free]
