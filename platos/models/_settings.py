"""What a user writes about models and their providers in `platos.toml`, and the price and the terms in it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, ValidationError

from platos.config.settings import ModelSettings, ProviderSettings
from platos.core.instant import HOUR, MINUTE
from platos.core.money import Band, Price, Rates, parse_money
from platos.errors import ConfigurationError
from platos.ports.model import Terms

__all__ = ["ModelSettings", "WrittenSettings", "read_settings", "written_price"]

M = TypeVar("M", bound=BaseModel)

_EXAMPLES = {
    "models": '[models."openai/qwen3"] with api_base, key, and free = true or input_per_million and output_per_million',
    "providers": "[providers.openai] with concurrency and per_minute",
}
_AT_HOME = {"ollama", "lm_studio", "llamafile"}
_SILENT_AT_HOME, _TOTAL_AT_HOME = 10 * MINUTE, HOUR
"""A model on this machine may have to be loaded first, and is slow."""

_TOTAL = 10 * MINUTE


class WrittenSettings:
    """The tables `[models]` and `[providers]`."""

    def __init__(self, models: Mapping[str, ModelSettings], providers: Mapping[str, ProviderSettings]) -> None:
        self._models, self._providers = models, providers

    def of(self, model: str) -> ModelSettings:
        """What is written of the model; the defaults where nothing is."""
        return self._models.get(model, ModelSettings())

    def terms(self, model: str, provider: str) -> Terms:
        """How long the model may take, and how much its provider takes.

        A server of the user's own is a provider for itself, by its host and port.
        """
        settings = self.of(model)
        if settings.api_base:
            provider = urlsplit(settings.api_base).netloc or settings.api_base
        limits = self._providers.get(provider, ProviderSettings())
        at_home = provider in _AT_HOME or _is_loopback(settings.api_base)
        return Terms(
            provider=provider,
            first_token=settings.first_token or (_SILENT_AT_HOME if at_home else None),
            total=settings.timeout or (_TOTAL_AT_HOME if at_home else _TOTAL),
            concurrency=limits.concurrency,
            per_minute=limits.per_minute,
        )


def read_settings(tables: Mapping[str, Any]) -> WrittenSettings:
    """The settings of every model and provider. Raises ConfigurationError naming which, and the key."""
    models = {name: _read(ModelSettings, "models", name, entry) for name, entry in tables.get("models", {}).items()}
    providers = tables.get("providers", {})
    return WrittenSettings(
        models, {name: _read(ProviderSettings, "providers", name, entry) for name, entry in providers.items()}
    )


def written_price(settings: ModelSettings) -> Price | None:
    """The price that the user wrote, or None where there is none."""
    if settings.free:
        return Price.flat(input=0, output=0, source="declared free", free=True)
    if settings.input_per_million is None or settings.output_per_million is None:
        return None
    read, written = settings.input_per_million, settings.output_per_million
    stored = settings.stored_per_million or read
    rates = Rates(
        input=parse_money(read),
        cached=parse_money(settings.cached_per_million or read),
        stored=parse_money(stored),
        stored_long=parse_money(settings.stored_long_per_million or stored),
        output=parse_money(written),
        reasoning=parse_money(settings.reasoning_per_million or written),
    )
    return Price(bands=(Band(rates=rates),), source="platos.toml")


def _is_loopback(url: str | None) -> bool:
    host = urlsplit(url or "").hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _read(form: type[M], table: str, name: str, entry: object) -> M:
    try:
        return form.model_validate(entry)
    except ValidationError as invalid:
        first = invalid.errors()[0]
        where = ".".join((f'{table}."{name}"', *map(str, first["loc"])))
        raise ConfigurationError(first["msg"], where=where, expected=_EXAMPLES[table]) from None
