"""Why a model has no price, and what a user would write to give it one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from platos.config.settings import ModelSettings
from platos.core.mistake import did_you_mean
from platos.models._prices import table

__all__ = ["lines_to_add", "why_no_price"]

_TALKS = ("chat", "completion", "responses")


def why_no_price(name: str, written: ModelSettings) -> str:
    """Why no price of the model is known, in a sentence. Reads litellm's table."""
    listed = f"the list (litellm {version('litellm')})"
    if written.api_base:
        return f"it is served at {written.api_base}, and a server of your own has no list price"
    entry = _listed(name)
    if entry is None:
        return f"{listed} has no model of that name; {did_you_mean(name, list(table()))}".removesuffix("; ")
    mode = entry.get("mode", "nothing")
    if mode not in _TALKS:
        return f"{listed} has it for {str(mode).replace('_', ' ')}, and not as a model that answers in text"
    if not all(entry.get(f"{way}_cost_per_token") for way in ("input", "output")):
        return f"{listed} has no price for it, or one of zero, and zero is never taken for free"
    return f"what it costs is not bounded by tokens of text, as far as {listed} tells"


def lines_to_add(name: str, written: ModelSettings) -> tuple[str, ...]:
    """The lines that `platos.toml` lacks. Where it has a table of the model, they go under it."""
    quoted = json.dumps(name, ensure_ascii=False)
    there = " # is there already: add under it" if written != ModelSettings() else ""
    return (f"[models.{quoted}]{there}", "input_per_million = ...", "output_per_million = ...")


def _listed(name: str) -> Mapping[str, Any] | None:
    """What the list has under the name, or under the one that it has without its provider's prefix."""
    provider, _, bare = name.partition("/")
    entry, plain = table().get(name), table().get(bare, {})
    return entry or (plain if plain.get("litellm_provider") == provider else None)
