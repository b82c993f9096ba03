"""The rule `python`."""

from __future__ import annotations

import logging

from pydantic import ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from platos.errors import ConfigurationError
from platos.ports.part import Environment, Predicate
from platos.triage._rule import Finding, Matcher, Reading, Ready, Rule, Unclear, same_for_all

__all__ = ["PythonPredicate"]

log = logging.getLogger("platos")


class PythonPredicate(Rule):
    """Fits an item of which a function of the user's says so.

    The function takes the item, is marked as `predicate`, and stands in a module that `platos.toml` names under
    `[python] modules`. It runs in a thread, item by item, and must answer by the item alone. Where it raises an error,
    the item goes up.

    Rule: `{python: shouts}`, and in `parts.py`: `@predicate` over `def shouts(item): return item.text.isupper()`
    Item: `SERVER DOWN`
    Fits: `shouts says so`. It does not fit `server down`.
    """

    python: str

    @field_validator("python")
    @classmethod
    def _is_known(cls, name: str, info: ValidationInfo) -> str:
        """A predicate that is not there is told when the specialist is read, where somebody says what there is."""
        find = info.context and info.context["predicate"]
        if find:
            try:
                find(name)
            except ConfigurationError as error:
                parts = {"what": error.what, "expected": error.expected, "hint": error.hint}
                raise PydanticCustomError("mistake", "{what}", parts) from None
        return name

    def ready(self, environment: Environment) -> Ready:
        return same_for_all(_matcher(self.python, environment.predicate(self.python)))

    def rendering(self) -> str:
        return f"python {self.python}"


def _matcher(name: str, says: Predicate) -> Matcher:
    def match(reading: Reading) -> Finding | None:
        try:
            return f"{name} says so" if says(reading.stored.item) else None
        except Exception as error:
            log.warning("the predicate %s raised an error on %s", name, reading.stored.name, exc_info=True)
            return Unclear(f"{name} raised {type(error).__name__}")

    return match
