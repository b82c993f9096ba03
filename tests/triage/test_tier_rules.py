"""The tier `rules`: what each kind of rule fits, which rule decides, and what the verdict says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from platos.core.item import Item
from platos.core.verdict import Decision, Verdict
from platos.testing.tier import ScriptedBench, check_tier, stored
from platos.triage._rule import Reading
from platos.triage._rule_words import Words
from platos.triage.rules import Rules

MakeRules = Callable[..., Rules]


async def verdict_on(rules: Rules, item: Item | str) -> Verdict:
    (verdict,) = await rules.judge(stored(item), ScriptedBench())
    return verdict


def with_fields(**fields: Any) -> Item:
    return Item(id="1", text="", fields=fields)


@pytest.mark.parametrize(
    ("word", "text", "fits"),
    [
        ("CVE", "a cve today", True),
        ("cve", "CVE-2026-1", True),
        ("cve", "received", False),
        ("security fix", "a Security\n  Fix for you", True),
        ("security fix", "security fixed", False),
        ("c++", "we use C++.", True),
        ("über", "ÜBER alles", True),
        ("a.c", "abc", False),
        ("cve", "snake_cve_case", False),
    ],
)
async def test_words_fit_whole_words_of_any_case(make_rules: MakeRules, word: str, text: str, fits: bool) -> None:
    verdict = await verdict_on(make_rules(signal=[{"words": ["never", word]}]), text)
    assert verdict.decision is (Decision.SIGNAL if fits else Decision.UP)


@given(
    words=st.lists(st.text("ab .*(|", min_size=1).filter(str.strip), min_size=1, max_size=3),
    text=st.text("ab .*(|\n", max_size=30),
)
def test_words_are_never_read_as_a_pattern(words: list[str], text: str) -> None:
    found = Words(words=words).matcher()(Reading(stored(text)[0]))
    flat = " ".join(text.split())
    plain = any(occurs_whole(" ".join(word.split()), flat) for word in words)
    assert (found is not None) == plain


def occurs_whole(word: str, text: str) -> bool:
    """The slow way to say it, to compare with."""
    places = [at for at in range(len(text)) if text.startswith(word, at)]
    return any(
        not (text[at - 1 : at] if at else "").isalnum() and not text[at + len(word) : at + len(word) + 1].isalnum()
        for at in places
    )


async def test_a_title_is_searched_too(make_rules: MakeRules) -> None:
    item = Item(id="1", title="Outage", text="nothing")
    assert (await verdict_on(make_rules(signal=[{"words": ["outage"]}]), item)).decision is Decision.SIGNAL


async def test_a_pattern_sees_a_bounded_part(make_rules: MakeRules) -> None:
    rules = make_rules(signal=[{"pattern": "needle"}])
    assert (await verdict_on(rules, "x" * 19_900 + "needle")).decision is Decision.SIGNAL
    assert (await verdict_on(rules, "x" * 20_000 + "needle")).decision is Decision.UP


@pytest.mark.parametrize(
    ("rule", "value", "fits"),
    [
        ({"equals": "high"}, "high", True),
        ({"equals": "high"}, "HIGH", False),
        ({"equals": 7}, 7.0, True),
        ({"equals": False}, False, True),
        ({"in": ["high", 9]}, 9, True),
        ({"in": ["high", 9]}, "low", False),
        ({"at_least": 7}, 7, True),
        ({"at_least": 7}, "9.8", True),
        ({"at_least": 7}, 6.99, False),
        ({"at_least": 7}, "high", False),
        ({"at_least": 7}, "nan", False),
        ({"at_most": 0}, -1, True),
        ({"at_least": 1, "at_most": 3}, 4, False),
        ({"at_least": 1, "at_most": 3}, 2, True),
        ({"equals": "a.pdf"}, ["b.pdf", "a.pdf"], True),
        ({"at_least": 7}, {"a": 8}, False),
        ({"at_least": 7}, None, False),
    ],
)
async def test_a_field_is_compared(make_rules: MakeRules, rule: dict[str, Any], value: Any, fits: bool) -> None:
    rules = make_rules(signal=[{"field": "severity", **rule}])
    assert ((await verdict_on(rules, with_fields(severity=value))).decision is Decision.SIGNAL) == fits


async def test_a_missing_field_never_fits(make_rules: MakeRules) -> None:
    rules = make_rules(signal=[{"field": "severity", "in": ["", 0, False]}])
    assert (await verdict_on(rules, with_fields(other=1))).decision is Decision.UP


async def test_signal_rules_come_before_dismiss_rules_and_otherwise_last(make_rules: MakeRules) -> None:
    rules = make_rules(
        signal=[{"words": ["urgent"]}],
        dismiss=[{"words": ["newsletter", "spam"]}, {"words": ["urgent"]}],
        otherwise="signal",
    )
    verdicts = await check_tier(lambda: rules, stored("an urgent newsletter", "spam", "something else"))
    assert [verdict.decision for verdict in verdicts] == [Decision.SIGNAL, Decision.DISMISS, Decision.SIGNAL]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"words": ["CVE", "advisory"], "name": "security"}, 'security: "cve" found'),
        ({"words": ["CVE", "advisory"]}, 'words CVE, advisory: "cve" found'),
        ({"words": ["cve", "b", "c", "d"]}, 'words cve, b, c, …: "cve" found'),
        ({"pattern": r"cve-\d+"}, r'pattern "cve-\d+": "cve-7" found'),
        ({"pattern": r"cve-7\s+x+"}, r'pattern "cve-7\s+x+": "cve-7 ' + "x" * 54 + '…" found'),
        ({"field": "score", "at_least": 7, "at_most": 9}, 'field score at_least 7.0, at_most 9.0: score is "8"'),
    ],
)
async def test_the_reason_cites_the_rule_and_what_it_found(
    make_rules: MakeRules, rule: dict[str, Any], reason: str
) -> None:
    item = Item(id="1", text="a cve-7\n" + "x" * 100, fields={"score": 8})
    assert (await verdict_on(make_rules(signal=[rule]), item)).reason == reason


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"signal": [{"words": []}]}, "at least 1 item"),
        ({"signal": [{"words": [" "]}]}, "at least 1 character"),
        ({"signal": [{"wrods": ["a"]}]}, "words, pattern, field"),
        ({"signal": ["a"]}, "words, pattern, field"),
        ({"signal": [{"words": ["a"], "pattern": "b"}]}, "Extra inputs"),
        ({"dismiss": [{"pattern": "("}]}, "not a regular expression"),
        ({"dismiss": [{"field": "a"}]}, "equals, in, at_least, at_most"),
        ({"otherwise": "wait"}, "'up', 'dismiss' or 'signal'"),
        ({"signals": []}, "Extra inputs"),
    ],
)
def test_rules_that_make_no_sense_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Rules.Options.model_validate(options)
