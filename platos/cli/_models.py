"""The models that a workspace names: which part serves each, and at what price."""

from __future__ import annotations

from typing import cast

import msgspec

from platos.app import App
from platos.core.money import dollars
from platos.ports.model import Model

__all__ = ["ModelTold", "model_part", "tell_model"]

_MANY = "litellm"
"""The part that serves every model that has no part of its own."""


class ModelTold(msgspec.Struct, frozen=True, kw_only=True):
    """A model and its price, in nano-dollars for a million tokens; `priced` is false where none is known."""

    model: str
    tier: str
    part: str
    priced: bool
    free: bool
    input_nano: int
    output_nano: int
    source: str

    def words(self) -> str:
        """`frontier: offline, free (offline)`."""
        if not self.priced:
            return f"{self.tier}: {self.model}, its price is not known, so it is never called"
        price = "free" if self.free else f"{dollars(self.input_nano)} in, {dollars(self.output_nano)} out a million"
        return f"{self.tier}: {self.model}, {price} ({self.source})"


def tell_model(app: App, name: str, tier: str) -> ModelTold:
    """A model as it would be called. Blocking."""
    price = model_part(app, name).price(name)
    return ModelTold(
        model=name,
        tier=tier,
        part=_part_of(app, name),
        priced=price is not None,
        free=price is not None and price.free,
        input_nano=price.input if price else 0,
        output_nano=price.output if price else 0,
        source=price.source if price else "",
    )


def model_part(app: App, name: str) -> Model:
    """The part that serves a model, fresh: who builds it closes it. Raises ConfigurationError."""
    return cast(Model, app.parts.build("model", _part_of(app, name), {}))


def _part_of(app: App, name: str) -> str:
    return name if name in app.parts.names("model") else _MANY
