"""The rules `all`, `any` and `not`: what rules made of rules fit, and what they make of an answer that is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from platos.core.verdict import Decision
from platos.errors import ConfigurationError
from platos.registry import Registry
from platos.testing.source import environment_in
from platos.testing.tier import ScriptedBench, check_tier, stored
from platos.triage._memory import Memory
from platos.triage._rule import Finding, Matcher, Reading, Told, Unclear
from platos.triage._rule_group import AllOf, AnyOf, NotRule
from platos.triage.rules import Rules

MakeRules = Callable[..., Rules]
A, B = {"words": ["a"]}, {"words": ["b"]}

FINDINGS = st.sampled_from([None, "found", Told("old"), Unclear("odd")])


@pytest.mark.parametrize(
    ("rule", "fitting", "others"),
    [
        ({"all": [A, B]}, ["a b"], ["a", "b", "c"]),
        ({"any": [A, B]}, ["a b", "a", "b"], ["c"]),
        ({"not": A}, ["b", "c"], ["a b", "a"]),
        ({"all": [A, {"not": {"any": [B, {"words": ["c"]}]}}]}, ["a", "a d"], ["a b", "a c", "d"]),
    ],
)
async def test_rules_are_made_of_rules(
    make_rules: MakeRules, rule: dict[str, Any], fitting: list[str], others: list[str]
) -> None:
    verdicts = await check_tier(lambda: make_rules(signal=[rule]), stored(*fitting, *others))
    signals = [verdict.decision is Decision.SIGNAL for verdict in verdicts]
    assert signals == [True] * len(fitting) + [False] * len(others)


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"all": [A, B]}, 'all of (words a; words b): "a" found, and "b" found'),
        ({"any": [{**B, "name": "second"}, A]}, 'any of (second; words a): second: "b" found'),
        ({"all": [A, {"not": {"words": ["c"]}}], "name": "mine"}, 'mine: "a" found, and not words c'),
    ],
)
async def test_the_reason_says_what_each_member_found(make_rules: MakeRules, rule: dict[str, Any], reason: str) -> None:
    (verdict,) = await make_rules(signal=[rule]).judge(stored("a b"), ScriptedBench())
    assert verdict.reason == reason


def _answering(finding: Finding | None) -> Matcher:
    return lambda reading: finding


def _combined(kind: type[AllOf] | type[AnyOf], findings: list[Finding | None]) -> Finding | None:
    rule = kind.model_validate({"all" if kind is AllOf else "any": [A]})
    return rule.combined([_answering(finding) for finding in findings])(Reading(stored("")[0]))


@given(st.lists(FINDINGS, min_size=1, max_size=4))
def test_all_is_no_surer_than_its_least_sure_member(findings: list[Finding | None]) -> None:
    found = _combined(AllOf, findings)
    if None in findings:
        assert found is None
    elif any(isinstance(finding, Unclear) for finding in findings):
        assert isinstance(found, Unclear)
    else:
        assert isinstance(found, Told) == any(isinstance(finding, Told) for finding in findings)


@given(st.lists(FINDINGS, min_size=1, max_size=4))
def test_any_fits_where_a_member_does_however_unsure_the_others_are(findings: list[Finding | None]) -> None:
    found = _combined(AnyOf, findings)
    assert isinstance(found, str) == ("found" in findings)
    assert (found is None) == (set(findings) == {None})
    if "found" not in findings:
        assert isinstance(found, Unclear) == any(isinstance(finding, Unclear) for finding in findings)


@pytest.mark.parametrize(
    ("inner", "fits"), [(None, True), ("found", False), (Told("old"), False), (Unclear("odd"), None)]
)
def test_not_turns_an_answer_round_and_leaves_what_is_unclear(inner: Finding | None, fits: bool | None) -> None:
    found = NotRule.model_validate({"not": A}).combined([_answering(inner)])(Reading(stored("")[0]))
    assert isinstance(found, Unclear) if fits is None else (found is not None) == fits


async def test_a_member_after_one_that_does_not_fit_is_not_asked(make_rules: MakeRules) -> None:
    rule = {"all": [A, {"incident": "n", "rule": B}]}
    verdicts = await make_rules(signal=[rule]).judge(stored("b", "a b"), ScriptedBench())
    assert [verdict.decision for verdict in verdicts] == [Decision.UP, Decision.SIGNAL]


@pytest.mark.parametrize(
    ("rule", "said"),
    [({"all": []}, "at least 1"), ({"any": [{"wrods": ["a"]}]}, "words, pattern, field"), ({"not": "a"}, "one of the")],
)
def test_groups_that_make_no_sense_are_refused(rule: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Rules.Options.model_validate({"signal": [rule]})


async def test_a_group_is_made_ready_with_all_its_members(tmp_path: Any) -> None:
    rule = AllOf.model_validate({"all": [A, {"any": [B]}]})
    match = await rule.ready(environment_in(tmp_path))([], Memory(ScriptedBench()))
    assert match(Reading(stored("a b")[0])) == '"a" found, and "b" found'


def test_a_mistake_deep_in_a_group_is_located() -> None:
    table = {"table": "stack", "fiel": "stack.jsonl", "file": "stack.jsonl", "key": "packages"}
    with pytest.raises(ConfigurationError, match="there is no key 'fiel'") as raised:
        Registry().check("tier", "rules", {"signal": [{"all": [A, {"not": table}]}]})
    assert raised.value.where == "signal.0.all.1.not.fiel"
