"""The rules `all`, `any` and `not`: rules made of rules."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from platos.ports.part import Environment
from platos.triage._memory import Memory
from platos.triage._rule import Finding, Matcher, Reading, Ready, Rule, Told, Unclear, cited

if TYPE_CHECKING:
    AnyRule = Rule  # which kinds there are, `_rule_kinds` knows; pydantic learns it there

__all__ = ["AllOf", "AnyOf", "NotRule"]


class _Group(Rule):
    """Rules that answer together."""

    def ready(self, environment: Environment) -> Ready:
        made = [(rule.name, rule.ready(environment)) for rule in self.members()]

        async def open_all(readings: Sequence[Reading], memory: Memory) -> Matcher:
            return self.combined([_named(name, await ready(readings, memory)) for name, ready in made])

        return open_all

    @abstractmethod
    def members(self) -> Sequence[Rule]:
        """The rules in it, in order."""

    @abstractmethod
    def combined(self, matchers: Sequence[Matcher]) -> Matcher:
        """The members' matchers as one."""


class AllOf(_Group):
    """Fits where every one of some rules does. They are tried in order, and none after the first that does not fit.

    Rule: `{all: [{words: [outage]}, {not: {words: [resolved]}}]}`
    Item: `Outage of the mail server`
    Fits: `"Outage" found, and not words resolved`. It does not fit `The outage is resolved`.
    """

    rules: Annotated[list[AnyRule], Field(alias="all", min_length=1)]

    def members(self) -> Sequence[Rule]:
        return self.rules

    def combined(self, matchers: Sequence[Matcher]) -> Matcher:
        def match(reading: Reading) -> Finding | None:
            found: list[Finding] = []
            for one in matchers:
                finding = one(reading)
                if finding is None:
                    return None
                found.append(finding)
            return _weakest(found)

        return match

    def rendering(self) -> str:
        return f"all of ({'; '.join(map(cited, self.rules))})"


class AnyOf(_Group):
    """Fits where one of some rules does: the first, in order.

    Rule: `{any: [{words: [outage]}, {field: severity, at_least: 7}]}`
    Item: an item with `fields = {"severity": 9}`
    Fits: `severity is "9"`. It does not fit an item with neither.
    """

    rules: Annotated[list[AnyRule], Field(alias="any", min_length=1)]

    def members(self) -> Sequence[Rule]:
        return self.rules

    def combined(self, matchers: Sequence[Matcher]) -> Matcher:
        def match(reading: Reading) -> Finding | None:
            unsure: list[Finding] = []
            for one in matchers:
                finding = one(reading)
                if isinstance(finding, str):
                    return finding
                if finding is not None:
                    unsure.append(finding)
            return _weakest(unsure) if unsure else None

        return match

    def rendering(self) -> str:
        return f"any of ({'; '.join(map(cited, self.rules))})"


class NotRule(_Group):
    """Fits where a rule does not.

    Rule: `{not: {field: status, in: [Resolved, Completed]}}`
    Item: an item with `fields = {"status": "Investigating"}`
    Fits: `not field status in ['Resolved', 'Completed']`. It does not fit `{"status": "Resolved"}`.
    """

    rule: Annotated[AnyRule, Field(alias="not")]

    def members(self) -> Sequence[Rule]:
        return (self.rule,)

    def combined(self, matchers: Sequence[Matcher]) -> Matcher:
        (inner,) = matchers
        said = self.rendering()

        def match(reading: Reading) -> Finding | None:
            finding = inner(reading)
            if isinstance(finding, Unclear):
                return finding
            return said if finding is None else None

        return match

    def rendering(self) -> str:
        return f"not {cited(self.rule)}"


def _named(name: str, match: Matcher) -> Matcher:
    """A member's matcher, which puts the member's name, where it has one, before what it found."""

    def match_and_say_who(reading: Reading) -> Finding | None:
        finding = match(reading)
        return f"{name}: {finding}" if isinstance(finding, str) else finding

    return match_and_say_who if name else match


def _weakest(found: Sequence[Finding]) -> Finding:
    """What findings come to together: unclear where one is, else told where one is, else all that they say."""
    for kind in (Unclear, Told):
        for finding in found:
            if isinstance(finding, kind):
                return finding
    return ", and ".join(finding for finding in found if isinstance(finding, str))
