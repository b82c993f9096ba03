"""What templates make of specialists, as a status tells it. To load what reads templates takes long."""

from __future__ import annotations

from collections.abc import Iterable

from platos.cli._standing import Described, described
from platos.errors import ConfigurationError
from platos.runtime.asleep.made import definition_of
from platos.store import ReadStore, specialists

__all__ = ["describe_made"]


async def describe_made(store: ReadStore, names: Iterable[str]) -> dict[str, Described]:
    """Those of these specialists that a template makes, by name."""
    found: dict[str, Described] = {}
    for name in names:
        row = await specialists.look(store, name)
        if row is None or row.parameters is None:
            continue
        try:
            found[name] = described(await definition_of(store, row))
        except ConfigurationError as error:
            found[name] = described(error)
    return found
