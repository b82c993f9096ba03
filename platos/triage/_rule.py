"""What every kind of rule has: a name to be cited by, and a matcher."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from pydantic import BaseModel, ConfigDict

from platos.core.item import Item

__all__ = ["Matcher", "Reading", "Rule", "quoted"]

_MOST_QUOTED = 60


class Reading:
    """An item as rules see it: title and text as one, and the fields."""

    __slots__ = ("fields", "text")

    def __init__(self, item: Item) -> None:
        self.text = f"{item.title}\n{item.text}"
        self.fields: dict[str, Any] = item.fields


Matcher = Callable[[Reading], str | None]
"""Says what in an item a rule fits (`"security" found`), or None where it does not fit."""


class Rule(BaseModel):
    """A rule as a specialist writes it. A kind of rule adds its own keys, and says how it matches.

    `name` is what a verdict cites; without one it cites the rule itself, in short.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = ""

    @abstractmethod
    def matcher(self) -> Matcher:
        """Compiled once, used for every item."""

    @abstractmethod
    def rendering(self) -> str:
        """The rule in a few words, for a verdict."""


def quoted(text: str) -> str:
    """Text from outside on one short line, in quotes."""
    line = "".join(letter if letter.isprintable() else " " for letter in text[: _MOST_QUOTED + 1])
    return f'"{line[:_MOST_QUOTED]}…"' if len(line) > _MOST_QUOTED else f'"{line}"'
