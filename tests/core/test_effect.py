"""When two calls of a tool are one act, and what is done about one whose receipt is unknown."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.effect import Contract, EffectClass, Recovery, effect_key, recovery_of

arguments = st.dictionaries(st.sampled_from(("to", "text", "day")), st.text(max_size=3), max_size=3)
paths = st.text("abc/", max_size=5)


def contract(**changes: Any) -> Contract:
    fields: dict[str, Any] = {"name": "mail", "version": "1", "effect": EffectClass.ONCE, "schema": {}}
    return Contract(**fields | changes)


@pytest.mark.parametrize(
    ("effect", "recovery"),
    [
        (EffectClass.READ, Recovery.SEND_AGAIN),
        (EffectClass.KEYED, Recovery.SEND_AGAIN),
        (EffectClass.PROBED, Recovery.PROBE_FIRST),
        (EffectClass.ONCE, Recovery.NEVER_AGAIN),
    ],
)
def test_what_follows_a_lost_receipt_is_the_table_of_effect_classes(effect: EffectClass, recovery: Recovery) -> None:
    assert recovery_of(effect) is recovery


@given(arguments, paths, paths)
def test_the_same_act_is_one_act_wherever_the_plan_asks_for_it(asked: dict[str, str], one: str, other: str) -> None:
    assert effect_key(1, contract(), asked, one) == effect_key(1, contract(), asked, other)


@given(arguments, paths, paths)
def test_a_repeatable_tool_acts_again_in_another_place(asked: dict[str, str], one: str, other: str) -> None:
    again = contract(repeatable=True)
    assert (effect_key(1, again, asked, one) == effect_key(1, again, asked, other)) == (one == other)


@given(arguments, arguments)
def test_without_once_per_any_other_argument_is_another_act(one: dict[str, str], other: dict[str, str]) -> None:
    assert (effect_key(1, contract(), one, "") == effect_key(1, contract(), other, "")) == (one == other)


@given(arguments, arguments)
def test_only_the_arguments_named_in_once_per_tell_acts_apart(one: dict[str, str], other: dict[str, str]) -> None:
    per_day = contract(once_per=("to", "day"))
    same = all(one.get(name) == other.get(name) for name in ("to", "day"))
    assert (effect_key(1, per_day, one, "") == effect_key(1, per_day, other, "")) == same


def test_another_run_or_another_tool_is_another_act() -> None:
    keys = {effect_key(run, contract(name=name), {}, "") for run in (1, 2) for name in ("mail", "post")}
    assert len(keys) == 4


def test_a_tools_new_version_does_not_repeat_its_acts() -> None:
    assert effect_key(1, contract(), {}, "") == effect_key(1, contract(version="2"), {}, "")


@pytest.mark.parametrize(
    "change",
    [
        {"name": "post"},
        {"version": "2"},
        {"effect": EffectClass.READ},
        {"schema": {"type": "object"}},
        {"once_per": ("to",)},
        {"repeatable": True},
    ],
)
def test_any_change_of_a_contract_changes_its_digest(change: dict[str, Any]) -> None:
    assert contract(**change).digest != contract().digest
