"""What is allowed, and who is asked first."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.effect import EffectClass
from platos.core.policy import Permission, RiskTier, permit

OUTWARD = [effect for effect in EffectClass if effect is not EffectClass.READ]
tools = st.sets(st.sampled_from(("mail", "search", "outbox"))).map(lambda names: tuple(sorted(names)))


def ask(
    effect: EffectClass = EffectClass.ONCE,
    granted: tuple[str, ...] = ("mail",),
    node: tuple[str, ...] = ("mail",),
    tiers: dict[str, int] | None = None,
) -> Permission:
    return permit("mail", effect, granted=granted, node=node, policy=tiers or {})


def test_a_tool_that_the_specialist_does_not_have_is_refused() -> None:
    answer = ask(granted=())
    assert not answer.allowed
    assert "not among the specialist's tools" in answer.rule


def test_a_tool_that_the_plan_did_not_give_to_the_node_is_refused() -> None:
    answer = ask(node=())
    assert not answer.allowed
    assert "not given to this node" in answer.rule


def test_a_tool_that_only_reads_needs_nobody() -> None:
    assert ask(EffectClass.READ).tier is RiskTier.AUTO


@pytest.mark.parametrize("effect", OUTWARD)
def test_any_other_tool_is_explicit_unless_the_owner_wrote_less(effect: EffectClass) -> None:
    assert ask(effect).tier is RiskTier.EXPLICIT
    assert ask(effect, tiers={"mail": 1}).tier is RiskTier.BATCHED


def test_the_owner_may_gate_a_tool_that_only_reads() -> None:
    assert ask(EffectClass.READ, tiers={"mail": 2}).tier is RiskTier.EXPLICIT


@given(st.sampled_from(EffectClass), tools, tools, st.dictionaries(st.just("mail"), st.integers(0, 2)))
def test_no_risk_tier_allows_what_was_not_granted_twice(
    effect: EffectClass, granted: tuple[str, ...], node: tuple[str, ...], tiers: dict[str, int]
) -> None:
    assert ask(effect, granted, node, tiers).allowed == ("mail" in granted and "mail" in node)


@given(st.sampled_from(EffectClass), tools, tools)
def test_every_answer_names_the_rule_that_gave_it(
    effect: EffectClass, granted: tuple[str, ...], node: tuple[str, ...]
) -> None:
    assert ask(effect, granted, node).rule.startswith(("tools: ", "plan: ", "default: "))
