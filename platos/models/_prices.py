"""List prices, out of the table that litellm packs. The table is read; litellm is not imported.

A model without a price, or with a price of zero, has none here: it is never taken to be free.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from platos.core.money import Price
from platos.errors import ConfigurationError
from platos.models._bands import bands_of

__all__ = ["base_price", "list_price", "listed_mode", "listed_provider", "listed_window", "table"]

Entry = dict[str, Any]

_FILE = "model_prices_and_context_window_backup.json"
_TALKS = {"chat", "completion", "responses"}
_UPLIFTS = ("regional_processing_uplift_multiplier", "regional_endpoint_uplift_multiplier")

# What tokens of text do not bound: a price for each request, second or character of a call, and pictures, sound and
# video that a model may make unasked.
_UNBOUNDED = (
    "input_cost_per_request",
    "input_cost_per_second",
    "output_cost_per_second",
    "cost_per_second",
    "input_cost_per_character",
    "output_cost_per_character",
)
_SAYS = {"text", "code"}

# A model that searches by itself charges for that too.
_SEARCHES = ("perplexity/sonar", "perplexity/preset", "search-preview", "search-api", "deep-research")


@cache
def table() -> dict[str, Entry]:
    """Every model of the packed table by name. About 40 ms the first time, nothing after that."""
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        raise ConfigurationError("litellm is not installed", expected="the price table in it")
    loader = cast(SourceFileLoader, spec.loader)
    content = loader.get_data(str(Path(spec.origin).with_name(_FILE)))
    return cast(dict[str, Entry], json.loads(content, parse_float=Decimal))


@cache
def list_price(name: str, uplift: Decimal | None = None) -> Price | None:
    """Every price that can apply to a call of the model, as the table has it.

    `uplift` is what the region of the user's account multiplies it by; the highest of the table where it is not told.
    None where the table does not know the model, has no price or a price of zero, or where tokens do not bound it.
    """
    entry = _entry(name)
    if entry is None or not _bounded(name, entry):
        return None
    factor = max(_uplifts(entry)) if uplift is None else uplift
    bands = bands_of(entry, Fraction(factor))
    return Price(bands=bands, source=_source(factor)) if bands else None


def base_price(name: str) -> Price | None:
    """The price that the list shows first, for estimates. None where `list_price` is None."""
    listed = list_price(name, Decimal(1))
    if listed is None:
        return None
    first = listed.bands[0].rates
    return Price.flat(input=first.input, output=first.output, source=listed.source)


def listed_provider(name: str) -> str | None:
    """Whose model it is, as the table says; None where it does not know the model."""
    entry = _entry(name)
    return entry.get("litellm_provider") if entry else None


def listed_mode(name: str) -> str | None:
    """By which of its provider's interfaces the model is asked, as the table says."""
    entry = _entry(name)
    return entry.get("mode") if entry else None


def listed_window(name: str) -> int | None:
    """How many tokens the model reads at once, as the table says."""
    entry = _entry(name)
    most = entry.get("max_input_tokens") if entry else None
    return int(most) if isinstance(most, int | Decimal) and most > 0 else None


def _entry(name: str) -> Entry | None:
    """A model's entry under its own name, or under the one it has without its provider's prefix."""
    provider, _, bare = name.partition("/")
    entry = table().get(name)
    if entry is None and (plain := table().get(bare)) and plain.get("litellm_provider") == provider:
        entry = plain
    return entry if entry and entry.get("mode") in _TALKS else None


def _bounded(name: str, entry: Entry) -> bool:
    """Do tokens of text bound what a call of it costs?"""
    searches = any(word in name for word in _SEARCHES) or name.endswith("-search")
    return not searches and not any(entry.get(key) for key in _UNBOUNDED) and not _makes_more_than_text(entry)


def _makes_more_than_text(entry: Entry) -> bool:
    """Some entries list pictures among what comes out and have no price for them: these models make none."""
    others = set(entry.get("supported_output_modalities", ())) - _SAYS
    return any(key.startswith(f"output_cost_per_{other}") for other in others for key in entry)


def _uplifts(entry: Entry) -> Iterator[Decimal]:
    """What a region that the account prescribes multiplies the price by."""
    yield Decimal(1)
    yield Decimal(entry.get("provider_specific_entry", {}).get("us", 1))
    yield from (Decimal(factor) for key, factor in entry.items() if key.startswith(_UPLIFTS))


def _source(uplift: Decimal) -> str:
    """The list, its version, and what a region added."""
    listed = f"litellm {version('litellm')}"
    return listed if uplift == 1 else f"{listed}, times {uplift} for a region"
