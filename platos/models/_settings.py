"""What a user writes about a model, under its name in the `[models]` table of `platos.toml`."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from platos.core.money import Price, parse_money
from platos.errors import ConfigurationError

__all__ = ["ModelSettings", "settings_by_name"]

_EXAMPLE = '[models."openai/qwen3"] with api_base, key, and free = true or input_per_million and output_per_million'


class ModelSettings(BaseModel):
    """Where a model is served, the reference of its key, and its price: US dollars for a million tokens, or free."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    api_base: str | None = None
    key: str | None = None
    free: bool = False
    input_per_million: Decimal | None = Field(default=None, gt=0)
    output_per_million: Decimal | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_price(self) -> ModelSettings:
        prices = (self.input_per_million, self.output_per_million)
        if (prices[0] is None) != (prices[1] is None):
            raise ValueError("input_per_million and output_per_million stand together")
        if self.free and prices[0] is not None:
            raise ValueError("a model is free or has a price, not both")
        return self

    def price(self) -> Price | None:
        """The price as written, or None where there is none."""
        if self.free:
            return Price(input=0, output=0, source="declared free", free=True)
        if self.input_per_million is None or self.output_per_million is None:
            return None
        read, written = parse_money(self.input_per_million), parse_money(self.output_per_million)
        return Price(input=read, output=written, source="platos.toml")


def settings_by_name(table: Mapping[str, Any]) -> dict[str, ModelSettings]:
    """The settings of every model in the table. Raises ConfigurationError naming the model and the key."""
    return {name: _settings(name, entry) for name, entry in table.items()}


def _settings(name: str, entry: object) -> ModelSettings:
    try:
        return ModelSettings.model_validate(entry)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join((f'models."{name}"', *map(str, first["loc"])))
        raise ConfigurationError(first["msg"], where=where, expected=_EXAMPLE) from None
