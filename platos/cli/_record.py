"""A stored item as a line of a recording: `{"id", "ts", "source", "text", "fields"}`; the source `jsonl` reads it."""

from __future__ import annotations

import json
from typing import Any

from platos.core.instant import iso
from platos.core.item import StoredItem
from platos.store.labels import Label

__all__ = ["record_line"]


def record_line(stored: StoredItem, label: Label | None) -> str:
    """The line, with `signal` where a person labelled the item.

    `ts` is when it happened; when it was first seen, where its source does not say. What came out of a recording goes
    back under the `source` that it had there.
    """
    item, fields = stored.item, dict(stored.item.fields)
    source = fields.pop("source") if isinstance(fields.get("source"), str) else stored.source
    record: dict[str, Any] = {
        "id": item.id,
        "ts": iso(stored.seen if item.ts is None else item.ts),
        "source": source,
        "text": item.full_text,
        "fields": fields,
    }
    if label is not None:
        record["signal"] = label.signal
    return json.dumps(record)
