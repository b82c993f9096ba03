"""Review triggers: conditions under which a person is asked although policy would not have asked."""

from __future__ import annotations

import operator
import re
from collections.abc import Mapping

import msgspec

from platos.errors import ConfigurationError

__all__ = ["MEASURES", "Trigger", "parse_trigger"]

MEASURES = {
    "confidence": "the lowest confidence with which triage let one of the run's items through, 0 to 1",
    "cost": "US dollars that the run has spent so far",
    "items": "how many items the run is about",
    "failures": "how many attempts of the run's steps have failed so far",
}
_COMPARE = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_FORM = re.compile(rf"^\s*({'|'.join(MEASURES)})\s*(<=|>=|<|>)\s*(\d+(?:\.\d+)?)\s*$")


class Trigger(msgspec.Struct, frozen=True, kw_only=True):
    """One condition: a measure of the run, a comparison, a bound."""

    measure: str
    compare: str
    bound: float

    def fires(self, measures: Mapping[str, float]) -> bool:
        return bool(_COMPARE[self.compare](measures[self.measure], self.bound))

    def __str__(self) -> str:
        return f"{self.measure} {self.compare} {self.bound:g}"


def parse_trigger(text: str) -> Trigger:
    """A trigger from `confidence < 0.6`. Raises ConfigurationError."""
    found = _FORM.match(text)
    if not found:
        raise ConfigurationError(
            f"{text!r} is not a review trigger",
            expected=f"one of {', '.join(MEASURES)}, a comparison and a number, as in: confidence < 0.6",
        )
    return Trigger(measure=found[1], compare=found[2], bound=float(found[3]))
