"""Features: what the tier `learned` sees of an item. Words, pairs of words, and pieces of words, hashed.

Weinberger et al., "Feature hashing for large scale multitask learning" (2009). A whole batch is hashed at once: with
P(i) the sum of byte j times B to the power j over all j < i, modulo 2 to the power 64, the bytes from i to k have the
hash (P(k) - P(i)) / B^i, wherever they stand (Karp and Rabin, 1987). It is the same in every process.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import frexp
from typing import Any

import numpy as np
from numpy.typing import NDArray

from platos.core.item import Item

__all__ = ["HALF", "SIZE", "Floats", "Numbers", "Rows", "Truths", "joined", "rows_of"]

HALF = 1 << 17
"""Words and pairs of words are hashed to numbers below this one, pieces of words to those from here on."""

SIZE = 2 * HALF

_BASE = 0x9E3779B97F4A7C15
_INVERSE = pow(_BASE, -1, 1 << 64)
_PAIR = 0xC2B2AE3D27D4EB4F
_MIX = 0xFF51AFD7ED558CCD
_PIECES = (3, 4, 5)
_AT_ONCE = 60_000
"""Bytes that are hashed together, so that no call holds up an event loop in another thread."""

_MOST_TEXT = 10_000
_MOST_FIELDS = 40
_MOST_VALUE = 80
_FIELD = "\ue000"
"""Stands for a space in words that are made of fields, and begins them."""

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Truths = NDArray[np.bool_]

_WORDY = np.array([byte >= 128 or chr(byte).isalnum() for byte in range(256)])


@dataclass(frozen=True, slots=True)
class Rows:
    """A sparse matrix, a row an item: its columns and how often each was seen, row by row from `starts`."""

    starts: Numbers
    columns: Numbers
    counts: Floats

    @property
    def count(self) -> int:
        """How many rows there are."""
        return len(self.starts) - 1

    def some(self, places: Numbers) -> Rows:
        """Those at some places."""
        sizes = np.diff(self.starts)[places]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        entries = np.repeat(self.starts[places] - starts[:-1], sizes) + np.arange(starts[-1])
        return Rows(starts, self.columns[entries], self.counts[entries])


def rows_of(items: Sequence[Item]) -> Rows:
    """The features of items. Blocking."""
    texts, fields = [_text(item) for item in items], [_fields(item) for item in items]
    parts: list[Rows] = []
    place = 0
    while place < len(texts):
        size, end = len(texts[place]) + len(fields[place]), place + 1
        while end < len(texts) and size + len(texts[end]) + len(fields[end]) < _AT_ONCE:
            size += len(texts[end]) + len(fields[end])
            end += 1
        parts.append(_hashed(texts[place:end], fields[place:end]))
        place = end
    return joined(parts)


def _text(item: Item) -> bytes:
    """What is read of the item, with a space before and after."""
    text = item.full_text[:_MOST_TEXT].lower().replace(_FIELD, " ")
    return f" {text} ".encode("utf-8", "replace")


def _fields(item: Item) -> bytes:
    """The fields as words that no text is made of."""
    words = [word for name, value in list(item.fields.items())[:_MOST_FIELDS] for word in _field(name, value)]
    return f" {' '.join(words)} ".encode("utf-8", "replace")


def _field(name: str, value: Any) -> list[str]:
    """A field as words: its name with its value; with its magnitude where that is a number."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        said = str(value)
    elif isinstance(value, int | float):
        said = str(frexp(value)[1]) + "-" * (value < 0) if abs(value) < 1e300 else "huge"
    elif isinstance(value, list | tuple):
        return [word for each in value[:_MOST_FIELDS] if not isinstance(each, list) for word in _field(name, each)]
    else:
        return []
    word = _FIELD.join(f"{name}={said}"[:_MOST_VALUE].lower().split())
    return [_FIELD + "".join(letter if letter.isalnum() else _FIELD for letter in word)]


def _hashed(texts: Sequence[bytes], fields: Sequence[bytes]) -> Rows:
    """The features of some items: words of their texts, then of their fields, and pieces of words of their texts."""
    data = np.frombuffer(b"".join([*texts, *fields]), np.uint8)
    ends = np.cumsum([len(part) for part in (*texts, *fields)])
    wordy = _WORDY[data]
    powers = np.full(len(data) + 1, _BASE, np.uint64)
    powers[0] = 1
    np.multiply.accumulate(powers, out=powers)
    inverses = np.full(len(data) + 1, _INVERSE, np.uint64)
    inverses[0] = 1
    np.multiply.accumulate(inverses, out=inverses)
    sums = np.zeros(len(data) + 1, np.uint64)
    np.cumsum(np.where(wordy, data, 32).astype(np.uint64) * powers[:-1], out=sums[1:])

    def hashes(start: Numbers, end: Numbers) -> Hashes:
        return (sums[end] - sums[start]) * inverses[start]

    words, pieces = _words(wordy, hashes, ends), _pieces(wordy[: ends[len(texts) - 1]], hashes)
    places = np.concatenate([words[0], pieces[0]])
    columns = np.concatenate([_column(words[1]), _column(pieces[1]) + HALF])
    return _counted(np.searchsorted(ends, places, "right") % len(texts), columns, len(texts))


def _words(wordy: Truths, hashes: Any, ends: Numbers) -> tuple[Numbers, Hashes]:
    """Words and pairs of them: where they begin, and their hashes."""
    edges = np.flatnonzero(np.diff(wordy.astype(np.int8)))
    start, end = edges[0::2] + 1, edges[1::2] + 1
    single = hashes(start, end)
    pair = single[:-1] * np.uint64(_PAIR) + single[1:]
    row = np.searchsorted(ends, start, "right")
    together = row[:-1] == row[1:]
    return np.concatenate([start, start[:-1][together]]), np.concatenate([single, pair[together]])


def _pieces(wordy: Truths, hashes: Any) -> tuple[Numbers, Hashes]:
    """Pieces of words, the space before or after a word being a part of them: where they begin, and their hashes."""
    inside = np.concatenate([[0], np.cumsum(wordy)])
    starts, found = [], []
    for length in _PIECES:
        start = np.arange(max(0, len(wordy) - length + 1))
        start = start[inside[start + length - 1] - inside[start + 1] == length - 2]
        starts.append(start)
        found.append(hashes(start, start + length) + np.uint64(length))
    return np.concatenate(starts), np.concatenate(found)


def _column(hashes: Hashes) -> Numbers:
    """The upper bits of a hash that was mixed once more."""
    return ((hashes * np.uint64(_MIX)) >> np.uint64(64 - 17)).astype(np.int64)


def _counted(row: Numbers, columns: Numbers, count: int) -> Rows:
    """Each column of each row once, with how often it was there."""
    keys = np.sort(row * SIZE + columns)
    first = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]])) if len(keys) else keys
    counts = np.diff(np.concatenate([first, [len(keys)]])).astype(np.float64)
    distinct = keys[first]
    starts = np.searchsorted(distinct, np.arange(count + 1) * SIZE)
    return Rows(starts, distinct % SIZE, counts)


def joined(parts: Sequence[Rows]) -> Rows:
    """Rows under each other."""
    if not parts:
        return Rows(np.zeros(1, np.int64), np.zeros(0, np.int64), np.zeros(0))
    shifts = np.cumsum([0, *(len(part.columns) for part in parts)])
    starts = [part.starts[1:] + shift for part, shift in zip(parts, shifts, strict=False)]
    return Rows(
        np.concatenate([[0], *starts]),
        np.concatenate([part.columns for part in parts]),
        np.concatenate([part.counts for part in parts]),
    )
