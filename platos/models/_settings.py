"""What a user writes about a model, under its name in the `[models]` table of `platos.toml`, and the price in it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from platos.config.settings import ModelSettings
from platos.core.money import Price, parse_money
from platos.errors import ConfigurationError

__all__ = ["ModelSettings", "settings_by_name", "written_price"]

_EXAMPLE = '[models."openai/qwen3"] with api_base, key, and free = true or input_per_million and output_per_million'


def settings_by_name(table: Mapping[str, Any]) -> dict[str, ModelSettings]:
    """The settings of every model in the table. Raises ConfigurationError naming the model and the key."""
    return {name: _settings(name, entry) for name, entry in table.items()}


def written_price(settings: ModelSettings) -> Price | None:
    """The price that the user wrote, or None where there is none."""
    if settings.free:
        return Price(input=0, output=0, source="declared free", free=True)
    if settings.input_per_million is None or settings.output_per_million is None:
        return None
    read, written = parse_money(settings.input_per_million), parse_money(settings.output_per_million)
    return Price(input=read, output=written, source="platos.toml")


def _settings(name: str, entry: object) -> ModelSettings:
    try:
        return ModelSettings.model_validate(entry)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join((f'models."{name}"', *map(str, first["loc"])))
        raise ConfigurationError(first["msg"], where=where, expected=_EXAMPLE) from None
