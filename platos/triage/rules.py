"""The tier `rules`: free. Words, patterns and fields decide, and every verdict cites the rule that did."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Literal

import anyio.lowlevel
from pydantic import BaseModel, ConfigDict, Discriminator, Tag

from platos.core.item import StoredItem
from platos.core.verdict import Decision, Verdict
from platos.ports.part import Environment, tier
from platos.ports.tier import Bench
from platos.triage._rule import Matcher, Reading, Rule
from platos.triage._rule_field import FieldValue
from platos.triage._rule_pattern import Pattern
from platos.triage._rule_words import Words

__all__ = ["Rules"]

_KINDS = ("words", "pattern", "field")
"""The kinds of rule, each named as the key that tells it."""

_AT_ONCE = 100
"""Items judged before other tasks get their turn."""


def _kind(rule: Any) -> str | None:
    written = rule if isinstance(rule, dict) else ()
    return next((key for key in _KINDS if key in written), None)


AnyRule = Annotated[
    Annotated[Words, Tag("words")] | Annotated[Pattern, Tag("pattern")] | Annotated[FieldValue, Tag("field")],
    Discriminator(
        _kind,
        custom_error_type="kind_of_rule",
        custom_error_message=f"a rule has one of the keys {', '.join(_KINDS)}, as in {{words: [urgent, outage]}}",
    ),
]


@tier("rules", version="1")
class Rules:
    """Tries the rules of `signal`, then those of `dismiss`; the first that fits decides, and `otherwise` the rest."""

    class Options(BaseModel):
        """Rules in the order in which they are tried, and what becomes of an item that none fits."""

        model_config = ConfigDict(extra="forbid")

        signal: list[AnyRule] = []
        dismiss: list[AnyRule] = []
        otherwise: Literal["up", "dismiss", "signal"] = "up"

    def __init__(self, options: Options, environment: Environment) -> None:
        self._rules = [
            *_compiled(Decision.SIGNAL, options.signal),
            *_compiled(Decision.DISMISS, options.dismiss),
        ]
        self._otherwise = Verdict(decision=Decision(options.otherwise), reason="no rule fits")

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        """One verdict for each item, in order. It asks no model."""
        verdicts = []
        for count, stored in enumerate(items):
            if count % _AT_ONCE == 0:
                await anyio.lowlevel.checkpoint()
            verdicts.append(self._verdict(Reading(stored.item)))
        return verdicts

    def _verdict(self, reading: Reading) -> Verdict:
        for decision, cited, match in self._rules:
            found = match(reading)
            if found is not None:
                return Verdict(decision=decision, reason=f"{cited}: {found}")
        return self._otherwise


def _compiled(decision: Decision, rules: Iterable[Rule]) -> list[tuple[Decision, str, Matcher]]:
    return [(decision, rule.name or rule.rendering(), rule.matcher()) for rule in rules]
