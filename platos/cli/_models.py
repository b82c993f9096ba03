"""The models that a workspace names: which part serves each, and at what price."""

from __future__ import annotations

from typing import cast

import msgspec

from platos.app import App
from platos.core.money import dollars, rates_for
from platos.core.specialist import Specialist
from platos.ports.model import Model

__all__ = ["ModelTold", "model_part", "tell_models"]

_MANY = "litellm"
"""The part that serves every model that has no part of its own."""


class ModelTold(msgspec.Struct, frozen=True, kw_only=True):
    """A model and its price for short calls, in nano-dollars for a million tokens; `priced` is false where none is
    known. `place` is 0 for the model that is wanted, more for one that stands in for it."""

    model: str
    tier: str
    part: str
    priced: bool
    free: bool
    input_nano: int
    output_nano: int
    source: str
    place: int = 0

    def words(self) -> str:
        """`frontier: offline, free (offline)`."""
        tier = f"{self.tier}, in its place" if self.place else self.tier
        if not self.priced:
            return f"{tier}: {self.model}, its price is not known, so it is never called"
        price = "free" if self.free else f"{dollars(self.input_nano)} in, {dollars(self.output_nano)} out a million"
        return f"{tier}: {self.model}, {price} ({self.source})"


def tell_models(app: App, its: Specialist) -> list[ModelTold]:
    """A specialist's models as they would be called. Blocking."""
    named = [(name, tier, place) for tier, names in its.models.items() for place, name in enumerate(names)]
    return [_tell(app, name, tier, place) for name, tier, place in named]


def _tell(app: App, name: str, tier: str, place: int) -> ModelTold:
    price = model_part(app, name).price(name)
    rates = rates_for(price, 1) if price else None
    return ModelTold(
        model=name,
        tier=tier,
        part=_part_of(app, name),
        priced=price is not None,
        free=price is not None and price.free,
        input_nano=rates.input if rates else 0,
        output_nano=rates.output if rates else 0,
        source=price.source if price else "",
        place=place,
    )


def model_part(app: App, name: str) -> Model:
    """The part that serves a model, fresh: who builds it closes it. Raises ConfigurationError."""
    return cast(Model, app.parts.build("model", _part_of(app, name), {}))


def _part_of(app: App, name: str) -> str:
    return name if name in app.parts.names("model") else _MANY
