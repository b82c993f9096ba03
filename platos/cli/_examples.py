"""Examples: a file of JSON lines that say what each item is, for a specialist to learn from."""

from __future__ import annotations

from pathlib import Path

import msgspec

from platos.core.item import Item
from platos.errors import UsageError
from platos.sources._record import item_of

__all__ = ["read_examples"]

_EXPECTED = 'JSON lines {"text": "...", "signal": true}, or false'


class _Said(msgspec.Struct):
    signal: bool | None = None


def read_examples(path: Path) -> list[tuple[Item, bool]]:
    """Every line with whether it is a signal; lines that do not say are left out. Blocking.

    Raises UsageError where a line cannot be read, or none of them says: nothing is learnt from half a file.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise UsageError(f"it cannot be read: {error.strerror}", where=str(path), expected=_EXPECTED) from None
    examples: list[tuple[Item, bool]] = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            examples += _read(line, f"{path}: line {number}")
    if not examples:
        raise UsageError("no line says what its item is", where=str(path), expected=_EXPECTED)
    return examples


def _read(line: bytes, where: str) -> list[tuple[Item, bool]]:
    try:
        said = msgspec.json.decode(line, type=_Said, strict=False)
        return [] if said.signal is None else [(item_of(line), said.signal)]
    except ValueError as error:
        raise UsageError(str(error), where=where, expected=_EXPECTED) from None
