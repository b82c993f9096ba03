"""What a model is shown of an item, and how much of a question it takes. A cut is marked, and remembered."""

from __future__ import annotations

import json
import unicodedata
from typing import NamedTuple

from platos.core.fact import Fact
from platos.core.item import StoredItem
from platos.triage._addressed import addressed

__all__ = ["Text", "shown"]

_MOST_TEXT = 20_000
_MOST_FIELD = 1_000
_CUT = "\n(the text goes on)"
_NAMED = 60
"""Bytes for what stands around a text in a question: its name, quotes, a comma."""

_LEAST = 500


class Text(NamedTuple):
    """An item, what a model is shown of it, and its size there in bytes: as JSON, in the longest form that a tokenizer
    may make of it. `held` says why a dismissal of it is not taken; empty where it is. `known` is what bears on it."""

    stored: StoredItem
    shown: str
    size: int
    held: str = ""
    known: tuple[Fact, ...] = ()


def shown(stored: StoredItem, room: int) -> Text:
    """The item's title, text and fields, in so many bytes. Nobody knows what stands in a part that was cut off, and
    what speaks to its judge is no witness against itself: neither is dismissed."""
    whole, is_cut = _readable(stored)
    text, kept = whole, len(whole)
    while (size := _size(text)) > room and kept > _LEAST:
        kept = max(_LEAST, min(kept - 1, kept * room // size - len(_CUT)))
        text, is_cut = whole[:kept] + _CUT, True
    words = addressed(text)
    held = f'it speaks to its judge ("{words}")' if words else "only its beginning was read" if is_cut else ""
    return Text(stored, text, _size(text), held)


def _readable(stored: StoredItem) -> tuple[str, bool]:
    item = stored.item
    whole = item.full_text
    parts = [whole if len(whole) <= _MOST_TEXT else whole[:_MOST_TEXT] + _CUT]
    fields = [f"{name}: {value}" for name, value in item.fields.items()]
    if fields:
        parts.append(
            "\n".join(field if len(field) <= _MOST_FIELD else field[:_MOST_FIELD] + " (cut)" for field in fields)
        )
    return "\n\n".join(parts), len(whole) > _MOST_TEXT or any(len(field) > _MOST_FIELD for field in fields)


def _size(text: str) -> int:
    sent = json.dumps(text, ensure_ascii=False)
    size = len(sent.encode(errors="replace"))
    if not text.isascii():
        size = max(size, len(unicodedata.normalize("NFKC", sent).encode(errors="replace")))
    return size + _NAMED
