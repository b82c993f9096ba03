"""The rule `python`: a predicate of the user's, found by name in a module that the workspace names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from platos.core.verdict import Decision
from platos.errors import ConfigurationError
from platos.registry import Registry
from platos.testing.source import environment_in
from platos.testing.tier import ScriptedBench, check_tier, stored
from platos.triage.rules import Rules

MakeRules = Callable[[dict[str, Any]], Rules]

MODULE = """
import time
from platos import predicate

@predicate
def shouts(item):
    return item.text.isupper()

@predicate
def fails_on_b(item):
    return {"a": True, "c": False}[item.text]

@predicate
def waits(item):
    time.sleep(0.001)
    return True

def unmarked(item):
    return True
"""


@pytest.fixture
def rules_with(tmp_path: Path) -> MakeRules:
    path = tmp_path / "parts.py"
    path.write_text(MODULE)
    environment = replace(environment_in(tmp_path), predicate=Registry([path]).predicate)
    return lambda options: Rules(Rules.Options.model_validate(options), environment)


async def test_a_predicate_decides(rules_with: MakeRules) -> None:
    verdicts = await check_tier(lambda: rules_with({"signal": [{"python": "shouts"}]}), stored("HELP", "help"))
    assert [verdict.decision for verdict in verdicts] == [Decision.SIGNAL, Decision.UP]
    assert verdicts[0].reason == "python shouts: shouts says so"


@pytest.mark.parametrize("where", ["signal", "dismiss"])
async def test_an_item_on_which_a_predicate_fails_goes_up_and_no_other(rules_with: MakeRules, where: str) -> None:
    rules = rules_with({where: [{"python": "fails_on_b"}], "otherwise": "dismiss"})
    first, second, third = await rules.judge(stored("a", "b", "c"), ScriptedBench())
    assert (second.decision, second.confidence) == (Decision.UP, 0.0)
    assert second.reason == "python fails_on_b: fails_on_b raised KeyError"
    assert (first.decision is Decision.SIGNAL) == (where == "signal")
    assert third.decision is Decision.DISMISS


async def test_a_predicate_that_waits_does_not_block_the_loop(rules_with: MakeRules) -> None:
    (verdict,) = await rules_with({"signal": [{"python": "waits"}]}).judge(stored("a"), ScriptedBench())
    assert verdict.decision is Decision.SIGNAL


@pytest.mark.parametrize("name", ["absent", "unmarked", "time", "predicate"])
def test_only_what_is_marked_as_a_predicate_is_one(rules_with: MakeRules, name: str) -> None:
    with pytest.raises(ConfigurationError, match=f"there is no predicate '{name}'"):
        rules_with({"signal": [{"all": [{"python": name}]}]})


@pytest.mark.parametrize("rule", [{"python": "absent"}, {"not": {"python": "absent"}}])
def test_a_predicate_that_is_not_there_is_told_when_a_specialist_is_read(tmp_path: Path, rule: dict[str, Any]) -> None:
    path = tmp_path / "parts.py"
    path.write_text(MODULE)
    with pytest.raises(ConfigurationError, match="there is no predicate 'absent'") as refused:
        Registry([path]).check("tier", "rules", {"dismiss": [{"python": "shouts"}, rule]})
    assert refused.value.where.startswith("dismiss.1")
    assert refused.value.where.endswith("python")


def test_an_unknown_key_in_a_rule_is_told_the_keys_of_that_rule() -> None:
    with pytest.raises(ConfigurationError) as refused:
        Registry().check("tier", "rules", {"signal": [{"any": [{"field": "severity", "at_lest": 7}]}]})
    assert refused.value.where == "signal.0.any.0.at_lest"
    assert refused.value.expected == "one of at_least, at_most, equals, field, in, name"
    assert refused.value.hint == "did you mean at_least?"
