"""Examples: a recording whose lines say what each item is, for a specialist to learn from."""

from __future__ import annotations

from pathlib import Path

from platos.cli._replay_recording import recorded_lines
from platos.core.item import Item
from platos.errors import UsageError

__all__ = ["read_examples"]

_EXPECTED = 'JSON lines {"text": "...", "signal": true}, or false'


def read_examples(path: Path) -> list[tuple[Item, bool]]:
    """Every line with whether it is a signal; lines that do not say are left out. Blocking.

    Raises UsageError where a line cannot be read, or none of them says: nothing is learnt from half a file.
    """
    broken: list[str] = []
    examples = [(line.item, line.signal) for line in recorded_lines(path, broken) if line.signal is not None]
    if broken or not examples:
        what = broken[0] if broken else "no line says what its item is"
        raise UsageError(what, where=str(path), expected=_EXPECTED)
    return examples
