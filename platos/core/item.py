"""Items: what sources yield. Their text is data; it never becomes an instruction, a path, a query or a command."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import msgspec

from platos.core.digest import digest
from platos.core.instant import Instant

__all__ = ["Extract", "Item", "ItemState", "Problem", "StoredItem"]


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a source yields.

    `id` is the source's own, the same for every version of the thing. `ts` is when it happened, as the source says;
    it may lie in the past, out of order, or be unknown. `fields` holds what can be compared without reading.
    """

    id: str
    text: str
    title: str = ""
    kind: str = "text"
    ts: Instant | None = None
    fields: dict[str, Any] = msgspec.field(default_factory=dict)

    def digest(self) -> str:
        """The digest of the content. `ts` is no content: a file that was only touched has not changed."""
        return digest([self.id, self.kind, self.title, self.text, self.fields])

    @property
    def full_text(self) -> str:
        """What is read of the item and may be quoted: its text, under its title unless the text begins with that."""
        titled = self.text.lstrip("# \r\n").startswith(self.title)
        return self.text.strip() if titled else f"{self.title}\n\n{self.text}".strip()


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a source could not read, and went on without: which thing, and why."""

    where: str
    why: str


class ItemState(StrEnum):
    """Where a stored item is on its way through triage. An example was handed in with its label, and never judged."""

    NEW = "new"
    DISMISSED = "dismissed"
    WAITING = "waiting"
    SIGNAL = "signal"
    WITHDRAWN = "withdrawn"
    EXAMPLE = "example"


class StoredItem(msgspec.Struct, frozen=True, kw_only=True):
    """An item in the store: `number` is its name for people (`i12`), `run` the run that took it as a signal."""

    number: int
    specialist: str
    source: str
    item: Item
    state: ItemState
    seen: Instant
    run: int | None = None

    @property
    def name(self) -> str:
        return f"i{self.number}"


class Extract(msgspec.Struct, frozen=True, kw_only=True):
    """What a planner may know of a signal: measures and names that we made, never text from outside."""

    item: str
    source: str
    kind: str
    chars: int
    tier: str
    confidence: float
    ts: Instant | None = None
