"""The rule `field`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import Field, model_validator

from platos.triage._rule import Matcher, PlainRule, Reading, quoted

__all__ = ["FieldValue"]

Scalar = bool | int | float | str


class FieldValue(PlainRule):
    """Fits an item by one of its fields, as its source names them: `equals`, `in`, `at_least`, `at_most`.

    `at_least` and `at_most` compare numbers, also those that a source gives as text; with both, the field must lie
    between. A field that is a list fits where one of its members does. A field that is missing never fits.

    Rule: `{field: severity, at_least: 7}`
    Item: an item with `fields = {"severity": 9.8}`
    Fits: `severity is "9.8"`. It does not fit `{"severity": "high"}`, nor an item without a severity.
    """

    field: str
    equals: Scalar | None = None
    one_of: Annotated[list[Scalar] | None, Field(alias="in", min_length=1)] = None
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _compares(self) -> FieldValue:
        if not self._comparisons():
            raise ValueError("a rule on a field needs one of: equals, in, at_least, at_most")
        return self

    def matcher(self) -> Matcher:
        comparisons = self._comparisons()

        def match(reading: Reading) -> str | None:
            value = reading.fields.get(self.field)
            for member in value if isinstance(value, list | tuple) else (value,):
                if member is not None and all(holds(member) for holds in comparisons):
                    return f"{self.field} is {quoted(str(member))}"
            return None

        return match

    def rendering(self) -> str:
        written = self.model_dump(by_alias=True, exclude_none=True, exclude={"name", "field"})
        return f"field {self.field} {', '.join(f'{key} {value}' for key, value in written.items())}"

    def _comparisons(self) -> list[Callable[[Any], bool]]:
        """A test of a value for each key that is written."""
        equals, one_of, at_least, at_most = self.equals, self.one_of, self.at_least, self.at_most
        tests: list[Callable[[Any], bool]] = []
        if equals is not None:
            tests.append(lambda value: bool(value == equals))
        if one_of is not None:
            tests.append(lambda value: value in one_of)
        if at_least is not None:
            tests.append(lambda value: (number := _number(value)) is not None and number >= at_least)
        if at_most is not None:
            tests.append(lambda value: (number := _number(value)) is not None and number <= at_most)
        return tests


def _number(value: Any) -> float | None:
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return None
