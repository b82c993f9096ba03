"""One line of JSON as an item: `{"id", "ts", "source", "title", "text", "fields"}`, each part of which may be missing.

Any other key is left where it is. A recording's `signal` and `label` are the truth that triage is scored by: they never
come into an item.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from platos.core.digest import digest
from platos.core.instant import Instant
from platos.core.item import Item, Problem
from platos.sources._moment import moment

__all__ = ["ID_CHARS", "first_line", "item_of", "shown"]

ID_CHARS = 16
"""The length of an id that is made of a digest, where a thing has none of its own."""
_MOST_TITLE = 200
_MOST_NESTED = 50
_MOST_SHOWN = 10


class _Record(msgspec.Struct):
    id: str | int | None = None
    ts: str | float | None = None
    source: str | None = None
    title: str | None = None
    text: str | None = None
    fields: dict[str, Any] | None = None


_decode = msgspec.json.Decoder(_Record).decode


def item_of(line: bytes) -> Item:
    """The item of one line. Without an id it is called after its content. Raises ValueError, saying what is wrong.

    `source` becomes a field, so that items of a recording can be told apart by where they came from.
    """
    try:
        record = _decode(line)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    text, fields = record.text or "", dict(record.fields or {})
    if record.source:
        fields.setdefault("source", record.source)
    if _nested(fields, _MOST_NESTED):
        raise ValueError("it is nested too deeply")
    if not (text or record.title or fields):
        raise ValueError("it holds no text, no title and no fields")
    item = Item(id="", title=record.title or first_line(text), text=text, ts=_instant(record.ts), fields=fields)
    id = str(record.id) if record.id not in (None, "") else digest([item, item.ts])[:ID_CHARS]
    return msgspec.structs.replace(item, id=id)


def first_line(text: str) -> str:
    """The first line that is not blank, cut to a title's length."""
    return text.lstrip()[:_MOST_TITLE].split("\n", 1)[0].strip()


def shown(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """The first of them, and how many more there are."""
    first, more = tuple(problems[:_MOST_SHOWN]), problems[_MOST_SHOWN:]
    return (*first, Problem(where=more[0].where, why=f"and {len(more)} more from here on")) if more else first


def _instant(written: str | float | None) -> Instant | None:
    instant = moment(written)
    if instant is None and written not in (None, ""):
        raise ValueError("its ts is no time: ISO 8601 is expected, as in 2026-11-21T09:30:00Z")
    return instant


def _nested(value: Any, levels: int) -> bool:
    """Is the value nested more than so many levels deep?"""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels == 0 or any(_nested(part, levels - 1) for part in parts)
