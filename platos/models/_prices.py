"""List prices, out of the table that litellm packs. The table is read; litellm is not imported.

A model without a price, or with a price of zero, has none here: it is never taken to be free.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from decimal import ROUND_CEILING, Decimal
from functools import cache
from importlib.machinery import SourceFileLoader
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from platos.core.money import NANO, Price
from platos.errors import ConfigurationError

__all__ = ["base_price", "list_price", "table"]

Entry = dict[str, Any]

_FILE = "model_prices_and_context_window_backup.json"
_TALKS = {"chat", "completion", "responses"}
_UPLIFT = re.compile(r"regional_\w+_uplift_multiplier(_\w+)?")

# Any rate of these can apply without our asking: long inputs, an account's service tier, caching that a provider does
# by itself. A cache that is kept for an hour has to be asked for, and is not.
_INPUT = re.compile(r"(input_cost_per_token|cache_creation_input_token_cost)(?!.*above_1hr)")
_OUTPUT = re.compile(r"output_cost_per_(reasoning_)?token")

# A model that searches by itself charges for that too: tokens do not bound it.
_SEARCHES = re.compile(r"perplexity/(sonar|preset)|search-preview|search-api|deep-research|-search$")


@cache
def table() -> dict[str, Entry]:
    """Every model of the packed table by name. About 40 ms the first time, nothing after that."""
    spec = find_spec("litellm")
    if spec is None or spec.origin is None:
        raise ConfigurationError("litellm is not installed", expected="the price table in it")
    loader = cast(SourceFileLoader, spec.loader)
    content = loader.get_data(str(Path(spec.origin).with_name(_FILE)))
    return cast(dict[str, Entry], json.loads(content, parse_float=Decimal))


def list_price(name: str) -> Price | None:
    """The dearest price that can apply to a call of the model, in nano-dollars for a million tokens.

    None where the table does not know the model, has no price or a price of zero, or where tokens do not bound it.
    """
    entry = _entry(name)
    if entry is None or base_price(name) is None:
        return None
    uplift = max(_uplifts(entry))
    return _price(max(_rates(entry, _INPUT)) * uplift, max(_rates(entry, _OUTPUT)) * uplift)


def base_price(name: str) -> Price | None:
    """The price that the list shows first, for estimates. None where `list_price` is None."""
    entry = _entry(name)
    if entry is None or _SEARCHES.search(name):
        return None
    rates = next((tier for tier in _tiers(entry) if tier.get("input_cost_per_token")), {})
    return _price(Decimal(rates.get("input_cost_per_token", 0)), Decimal(rates.get("output_cost_per_token", 0)))


def _entry(name: str) -> Entry | None:
    """A model's entry under its own name, or under the one it has without its provider's prefix."""
    provider, _, bare = name.partition("/")
    entry = table().get(name)
    if entry is None and (plain := table().get(bare)) and plain.get("litellm_provider") == provider:
        entry = plain
    return entry if entry and entry.get("mode") in _TALKS else None


def _tiers(entry: Entry) -> Iterable[Entry]:
    return (entry, *entry.get("tiered_pricing", ()))


def _rates(entry: Entry, wanted: re.Pattern[str]) -> Iterator[Decimal]:
    """The rates of the entry and of its tiers, by the keys that match; 0 where there are none."""
    yield Decimal(0)
    for tier in _tiers(entry):
        yield from (Decimal(rate) for key, rate in tier.items() if wanted.match(key))


def _uplifts(entry: Entry) -> Iterator[Decimal]:
    """What a region that the account prescribes multiplies the price by."""
    yield Decimal(1)
    yield Decimal(entry.get("provider_specific_entry", {}).get("us", 1))
    yield from (Decimal(factor) for key, factor in entry.items() if _UPLIFT.fullmatch(key))


def _price(read: Decimal, written: Decimal) -> Price | None:
    if read <= 0 or written <= 0:
        return None
    return Price(input=_nano(read), output=_nano(written), source=_source())


@cache
def _source() -> str:
    return f"litellm {version('litellm')}"


def _nano(rate: Decimal) -> int:
    """Nano-dollars for a million tokens from dollars for one, never below."""
    return int((rate * 1_000_000 * NANO).to_integral_value(ROUND_CEILING))
