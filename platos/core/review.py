"""Review triggers: conditions under which a person is asked although policy would not have asked.

- `confidence < 0.6`: a measure of the run, a comparison, a number;
- `customer=acme|globex`, `from=*@acme.example`: a term over the fields of its items, as over a tool's arguments. Each
  item also has its `source` and its `kind`.

A term fires where it cannot be ruled out of one of the items: an item that does not say whose it is may be anybody's.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from platos.core.item import StoredItem
from platos.core.predicate import Predicate, parse_predicate
from platos.errors import ConfigurationError, UsageError

__all__ = ["MEASURES", "AnyTrigger", "ItemTrigger", "Trigger", "parse_trigger", "reviewed"]

MEASURES = {
    "confidence": "the lowest confidence with which triage let one of the run's items through, 0 to 1",
    "cost": "US dollars that the run has spent so far",
    "items": "how many items the run is about",
    "failures": "how many attempts of the run's steps have failed so far",
}
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_FORM = re.compile(rf"^\s*({'|'.join(MEASURES)})\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*$")
_EXPECTED = (
    f"one of {', '.join(MEASURES)}, a comparison and a number, as in: confidence < 0.6; or a field of the items and "
    "its value, as in: customer=acme"
)


class Trigger(msgspec.Struct, frozen=True, kw_only=True, tag="measure"):
    """One condition: a measure of the run, a comparison, a bound."""

    measure: str
    compare: str
    bound: float

    def fires(self, measures: Mapping[str, float], items: Iterable[StoredItem] = ()) -> bool:
        return bool(_COMPARE[self.compare](measures[self.measure], self.bound))

    def __str__(self) -> str:
        return f"{self.measure} {self.compare} {self.bound:g}"


class ItemTrigger(msgspec.Struct, frozen=True, kw_only=True, tag="item"):
    """One condition: what one of the run's items may be, by its fields."""

    where: Predicate

    def fires(self, measures: Mapping[str, float], items: Iterable[StoredItem] = ()) -> bool:
        return any(self.where.may_cover(reviewed(each)) for each in items)

    def __str__(self) -> str:
        return str(self.where)


AnyTrigger = Trigger | ItemTrigger


def reviewed(stored: StoredItem) -> dict[str, Any]:
    """What a trigger may speak of, of an item: its fields, and whatever they say, its own `source` and `kind`."""
    return {**stored.item.fields, "source": stored.source, "kind": stored.item.kind}


def parse_trigger(text: str) -> AnyTrigger:
    """A trigger from `confidence < 0.6` or `customer=acme`. Raises ConfigurationError."""
    found = _FORM.match(text)
    if found:
        return Trigger(measure=found[1], compare=found[2], bound=float(found[3]))
    try:
        where = parse_predicate([text])
    except UsageError:
        where = None
    if where is None or any(term.argument in MEASURES for term in where.terms):
        raise ConfigurationError(f"{text!r} is not a review trigger", expected=_EXPECTED)
    return ItemTrigger(where=where)
