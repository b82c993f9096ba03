"""The two models that an idle day is priced as: a frontier model and a small one, and where their prices were read."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import msgspec

from platos.cli._list_prices import FAMILIES
from platos.cli._no_price import lines_to_add, why_no_price
from platos.config.layers import read_toml
from platos.config.settings import ModelSettings
from platos.core.digest import digest_bytes
from platos.core.money import Price, usual
from platos.errors import UsageError
from platos.models._prices import list_price
from platos.models._settings import read_settings, written_price

__all__ = ["PRICED_AS", "Named", "Pair", "pair_of"]

PRICED_AS = ",".join(FAMILIES[0])
"""The frontier model and the small one, unless others are named."""


class Named(NamedTuple):
    """A model and what short calls of it cost."""

    model: str
    price: Price


class Pair(NamedTuple):
    """What work is priced as, and what triage is."""

    frontier: Named
    small: Named


def pair_of(names: str, file: Path | None) -> Pair:
    """The models in `FRONTIER,SMALL`, at the prices of a file, or else of the list. Blocking.

    Raises UsageError where one has no price, and ConfigurationError where the file cannot be read.
    """
    written = _prices_in(file) if file else {}
    models = [name.strip() for name in names.split(",")]
    if len(models) != 2 or not all(models):
        raise UsageError(
            f"{names!r} does not name two models", where="--price-as", expected="FRONTIER,SMALL", hint=PRICED_AS
        )
    frontier, small = (Named(name, _price(name, written)) for name in models)
    return Pair(frontier, small)


def _prices_in(file: Path) -> Mapping[str, Price]:
    """The prices that a file has: the tables `[models]` of a `platos.toml`."""
    if not file.is_file():
        raise UsageError("there is no such file", where=str(file), expected='[models."NAME"] as in platos.toml')
    tables = read_toml(file, str(file)).get("models", {})
    read = read_settings({"models": tables})
    source = f"{file.name}, {digest_bytes(file.read_bytes())[:8]}"
    prices = {name: written_price(read.of(name)) for name in tables}
    return {name: msgspec.structs.replace(price, source=source) for name, price in prices.items() if price}


def _price(name: str, written: Mapping[str, Price]) -> Price:
    price = written.get(name) or list_price(name, Decimal(1))
    if price is None:
        why = why_no_price(name, ModelSettings())
        add = "; ".join(lines_to_add(name, ModelSettings()))
        raise UsageError(f"no price of {name} is known: {why}", where="--price-as", hint=f"--prices FILE with {add}")
    return usual(price)
