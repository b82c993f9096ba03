"""The tier `rules`: free. Words, look-ups and numeric tests decide, and every verdict cites the rule that did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from platos.core.item import StoredItem
from platos.core.verdict import Decision, Verdict
from platos.ports.part import Environment, tier
from platos.ports.tier import Bench
from platos.triage._memory import Memory
from platos.triage._rule import Finding, Matcher, Reading, Ready, Told, Unclear, cited
from platos.triage._rule_kinds import AnyRule

__all__ = ["Rules"]


class _Listed(NamedTuple):
    """A rule in one of the lists: what it decides, what verdicts call it, and itself made ready."""

    decision: Decision
    cited: str
    ready: Ready


class _Opened(NamedTuple):
    """The same for one batch."""

    decision: Decision
    cited: str
    match: Matcher


@tier("rules", version="2")
class Rules:
    """Tries the rules of `signal`, then those of `dismiss`; the first that fits decides, and `otherwise` the rest."""

    class Options(BaseModel):
        """Rules in the order in which they are tried, and what becomes of an item that none fits."""

        model_config = ConfigDict(extra="forbid")

        signal: list[AnyRule] = []
        dismiss: list[AnyRule] = []
        otherwise: Literal["up", "dismiss", "signal"] = "up"

    def __init__(self, options: Options, environment: Environment) -> None:
        lists: list[tuple[Decision, list[AnyRule]]] = [
            (Decision.SIGNAL, options.signal),
            (Decision.DISMISS, options.dismiss),
        ]
        self._rules = [
            _Listed(decision, cited(rule), rule.ready(environment)) for decision, rules in lists for rule in rules
        ]
        self._offload = environment.offload
        self._otherwise = Verdict(decision=Decision(options.otherwise), reason="no rule fits")

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        """One verdict for each item, in order. It asks no model. Raises a Failure where a rule's table is missing."""
        readings = [Reading(stored) for stored in items]
        memory = Memory(bench)
        opened = [_Opened(rule.decision, rule.cited, await rule.ready(readings, memory)) for rule in self._rules]
        verdicts = await self._offload(self._judge_all, readings, opened)
        memory.keep()
        return verdicts

    def _judge_all(self, readings: Sequence[Reading], rules: Sequence[_Opened]) -> list[Verdict]:
        return [self._verdict(reading, rules) for reading in readings]

    def _verdict(self, reading: Reading, rules: Sequence[_Opened]) -> Verdict:
        for rule in rules:
            finding = rule.match(reading)
            if finding is not None:
                return _decided(rule, finding)
        return self._otherwise


def _decided(rule: _Opened, finding: Finding) -> Verdict:
    match finding:
        case Told(why):
            return Verdict(decision=Decision.DISMISS, reason=f"{rule.cited}: {why}")
        case Unclear(why):
            return Verdict(decision=Decision.UP, reason=f"{rule.cited}: {why}", confidence=0.0)
        case _:
            return Verdict(decision=rule.decision, reason=f"{rule.cited}: {finding}")
