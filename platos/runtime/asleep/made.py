"""What a row of a specialist stands for: the definition that it names, or what its template makes of its parameters."""

from __future__ import annotations

import msgspec

from platos.config.template import decode_template
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError
from platos.store import ReadStore, journal
from platos.store.specialists import SpecialistRow

__all__ = ["decode_specialist", "definition_of", "made_of"]

_decoder = msgspec.json.Decoder(Specialist)
_values = msgspec.json.Decoder(tuple[str, ...])


async def definition_of(store: ReadStore, row: SpecialistRow) -> Specialist:
    """The definition in force of a specialist. Raises StoreCorrupt, or ConfigurationError where it cannot be read."""
    return made_of(await journal.get_payload(store, row.definition), row)


def made_of(content: bytes, row: SpecialistRow) -> Specialist:
    """The same, from what is stored under its definition."""
    if row.parameters is None:
        return decode_specialist(content)
    template = decode_template(content)
    return template.make(template.filling(row.name, _values.decode(row.parameters)))


def decode_specialist(content: bytes) -> Specialist:
    """A definition as the store keeps it. Raises ConfigurationError where this version cannot read it."""
    try:
        return _decoder.decode(content)
    except msgspec.DecodeError as error:
        raise ConfigurationError(
            f"this version of Platos cannot read the definition that the run began with: {error}",
            hint="run the version that wrote it, or platos cancel the run",
        ) from None
