"""What every kind of rule has: a name to be cited by, and a matcher."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from platos.core.instant import Instant
from platos.core.item import StoredItem
from platos.ports.part import Environment
from platos.triage._memory import Memory

__all__ = [
    "Finding",
    "Matcher",
    "PlainRule",
    "Reading",
    "Ready",
    "Rule",
    "Told",
    "Unclear",
    "cited",
    "quoted",
    "same_for_all",
]

_MOST_QUOTED = 60


class Reading:
    """An item as rules see it: title and text as one, the fields, and the stored item that they belong to."""

    __slots__ = ("fields", "stored", "text")

    def __init__(self, stored: StoredItem) -> None:
        self.stored = stored
        self.text = f"{stored.item.title}\n{stored.item.text}"
        self.fields: dict[str, Any] = stored.item.fields

    @property
    def at(self) -> Instant:
        """When it happened, as the source says; when it was first seen, where the source says nothing."""
        return self.stored.seen if self.stored.item.ts is None else self.stored.item.ts


class Told(NamedTuple):
    """The rule fits, and says nothing new: the item belongs to what was let through before. It is dismissed."""

    why: str


class Unclear(NamedTuple):
    """Whether the rule fits cannot be told, for a reason. The item goes up, whichever list the rule stands in."""

    why: str


Finding = str | Told | Unclear
"""What a rule found in an item that it fits (`"security" found`), or why it is no plain answer."""

Matcher = Callable[[Reading], Finding | None]
"""Says what in an item a rule fits, or None where it does not fit."""

Ready = Callable[[Sequence[Reading], Memory], Awaitable[Matcher]]
"""A rule made ready: given a batch, and the memory it is judged with, the matcher for its items in their order."""


class Rule(BaseModel):
    """A rule as a specialist writes it. A kind of rule adds its own keys, and says how it matches.

    `name` is what a verdict cites; without one it cites the rule itself, in short.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""

    @abstractmethod
    def ready(self, environment: Environment) -> Ready:
        """Made once, used for every batch. Raises ConfigurationError; a batch may raise a Failure."""

    @abstractmethod
    def rendering(self) -> str:
        """The rule in a few words, for a verdict."""


class PlainRule(Rule):
    """A rule that needs nothing but the item."""

    @abstractmethod
    def matcher(self) -> Matcher:
        """Compiled once, used for every item."""

    def ready(self, environment: Environment) -> Ready:
        return same_for_all(self.matcher())


def same_for_all(match: Matcher) -> Ready:
    """A matcher that is the same for every batch."""

    async def ready(readings: Sequence[Reading], memory: Memory) -> Matcher:
        return match

    return ready


def cited(rule: Rule) -> str:
    """What a verdict calls the rule."""
    return rule.name or rule.rendering()


def quoted(text: str) -> str:
    """Text from outside on one short line, in quotes."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: _MOST_QUOTED + 1])
    return f'"{line[:_MOST_QUOTED]}…"' if len(line) > _MOST_QUOTED else f'"{line}"'
