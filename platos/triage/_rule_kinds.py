"""The kinds of rule there are: a rule that a specialist writes is one of these, told by its key."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from platos.triage._rule import Rule
from platos.triage._rule_field import FieldValue
from platos.triage._rule_group import AllOf, AnyOf, NotRule
from platos.triage._rule_incident import Incident
from platos.triage._rule_pattern import Pattern
from platos.triage._rule_python import PythonPredicate
from platos.triage._rule_series import Series
from platos.triage._rule_table import TableLookup
from platos.triage._rule_words import Words

__all__ = ["AnyRule"]

_KINDS = ("words", "pattern", "field", "table", "series", "incident", "python", "all", "any", "not")
"""The kinds of rule, each named as the key that tells it."""


def _kind(rule: Any) -> str | None:
    """Which kind a rule is, as it was written or as it was read: a tag that is no key, so that errors can tell."""
    if isinstance(rule, Rule):
        keys: Collection[str] = {field.alias or name for name, field in type(rule).model_fields.items()}
    else:
        keys = rule if isinstance(rule, dict) else ()
    return next((f"{key} rule" for key in _KINDS if key in keys), None)


AnyRule = Annotated[
    Annotated[Words, Tag("words rule")]
    | Annotated[Pattern, Tag("pattern rule")]
    | Annotated[FieldValue, Tag("field rule")]
    | Annotated[TableLookup, Tag("table rule")]
    | Annotated[Series, Tag("series rule")]
    | Annotated[Incident, Tag("incident rule")]
    | Annotated[PythonPredicate, Tag("python rule")]
    | Annotated[AllOf, Tag("all rule")]
    | Annotated[AnyOf, Tag("any rule")]
    | Annotated[NotRule, Tag("not rule")],
    Discriminator(
        _kind,
        custom_error_type="kind_of_rule",
        custom_error_message=f"a rule has one of the keys {', '.join(_KINDS)}, as in {{words: [urgent, outage]}}",
    ),
]

for holder in (Incident, AllOf, AnyOf, NotRule):
    holder.model_rebuild()
