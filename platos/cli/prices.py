"""`platos prices`: every price that can apply to a call of a model, or why it is never called and what to write."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._context import load_anywhere, show
from platos.cli._models import model_part
from platos.cli._no_price import lines_to_add, why_no_price
from platos.cli.exits import ExitCode
from platos.cli.output import Line, bold, red, table
from platos.config.settings import ModelSettings
from platos.core.money import Band, Price, Rates, dollars, worst_case

__all__ = ["prices"]

_TOKENS = 1_000
"""In and out, of the call that serves as an example."""

_CLASSES = ("INPUT", "CACHED", "STORED", "STORED 1H", "OUTPUT", "REASONING")


class BandTold(msgspec.Struct, frozen=True, kw_only=True):
    """Rates in nano-dollars for a million tokens of each class, of calls with more than `above` tokens of input, in a
    service tier of the provider's; empty is the usual one."""

    service: str
    above: int
    input_nano: int
    cached_nano: int
    stored_nano: int
    stored_long_nano: int
    output_nano: int
    reasoning_nano: int


class PriceTold(msgspec.Struct, frozen=True, kw_only=True):
    """A model and what it costs. `source` is the list and its version, `own` that the user's price is in force.

    `worst_nano` is the dearest that a call of a thousand tokens in and a thousand out can be. Where no price is known
    (`priced` is false), `why` says why and `add` is what to write into `platos.toml`, line by line.
    """

    model: str
    priced: bool
    free: bool = False
    own: bool = False
    source: str = ""
    bands: tuple[BandTold, ...] = ()
    worst_nano: int = 0
    why: str = ""
    add: tuple[str, ...] = ()


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """The models that were asked about, in that order."""

    models: tuple[PriceTold, ...]


def prices(
    ctx: typer.Context,
    models: Annotated[list[str], typer.Argument(metavar="MODEL...", help="Models by name.", show_default=False)],
) -> None:
    """Show what models cost, every rate that can apply.

    Of one that is refused, why, and the lines that would let it be called. Prices of your own are read from the
    workspace, where there is one.

    Example: platos prices openai/gpt-5-mini anthropic/claude-haiku-4-5
    """
    app = load_anywhere(ctx)
    told = Prices(models=tuple(_tell(app, name) for name in models))
    show(ctx, told, _render)
    if not all(each.priced for each in told.models):
        raise typer.Exit(ExitCode.CONFIGURATION)


def _tell(app: App, name: str) -> PriceTold:
    written = app.settings.settings.models.get(name, ModelSettings())
    price = model_part(app, name).price(name)
    if price is None:
        return PriceTold(model=name, priced=False, why=why_no_price(name, written), add=lines_to_add(name, written))
    return PriceTold(
        model=name,
        priced=True,
        free=price.free,
        own=_is_own(written, price),
        source=price.source,
        bands=tuple(map(_band, price.bands)),
        worst_nano=worst_case(price, _TOKENS, _TOKENS),
    )


def _is_own(written: ModelSettings, price: Price) -> bool:
    """Is it the user's word that the model costs this?"""
    return price.free == written.free and (written.free or written.input_per_million is not None)


def _band(band: Band) -> BandTold:
    rates = {f"{name}_nano": getattr(band.rates, name) for name in Rates.__struct_fields__}
    return BandTold(service=band.service, above=band.above, **rates)


def _render(found: Prices) -> Iterator[Line]:
    for each in found.models:
        yield from _priced(each) if each.priced else _refused(each)


def _priced(each: PriceTold) -> Iterator[Line]:
    whose = ", as platos.toml says" if each.own else ""
    yield bold(f"{each.model}: {'free' if each.free else 'US dollars a million tokens'} ({each.source}{whose})")
    if each.free:
        return
    yield from table(("", *_CLASSES), [(_when(band), *_rates(band)) for band in each.bands])
    yield f"A call of {_TOKENS:,} tokens in and {_TOKENS:,} out costs {dollars(each.worst_nano)} at most."


def _when(band: BandTold) -> str:
    """`usual`, `flex, above 272,000 tokens in`."""
    above = [f"above {band.above:,} tokens in"] if band.above else []
    return ", ".join([band.service or "usual", *above])


def _rates(band: BandTold) -> Iterator[str]:
    return (dollars(getattr(band, f"{name}_nano")) for name in Rates.__struct_fields__)


def _refused(each: PriceTold) -> Iterator[Line]:
    yield red(f"{each.model}: never called, for its price is not known")
    yield f"  {each.why}"
    yield "  next: write into platos.toml, with its price in US dollars in the place of each ..."
    yield from (f"    {line}" for line in each.add)
    yield "  or, where nobody is paid for it, free = true in the place of both"
