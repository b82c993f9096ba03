"""What the actors that come with Platos say of themselves."""

from __future__ import annotations

import pytest

from actors.assistant import Assistant
from actors.critic import Critic
from actors.verifier import Verifier
from platos.core.plan import Loop, Plan, Single
from platos.core.plan_check import Given, check_plan
from platos.errors import InvalidPlan
from platos.ports.part import declaration_of
from platos.testing.planner import ROLES

BY_NAME = {role.actor: role for role in ROLES}


@pytest.mark.parametrize("actor", ["reader", "critic", "verifier", "writer", "aggregator", "vote"])
def test_whoever_only_reads_or_judges_is_given_no_tools(actor: str) -> None:
    node = Single(name="it", actor=actor, tools=("outbox",))
    with pytest.raises(InvalidPlan, match=f"{actor} works without tools"):
        check_plan(
            Plan(root=node, why="a test", by="test"), Given(roles=BY_NAME, tools=("outbox",), items=1, kinds=None)
        )


def test_an_assistant_says_how_often_it_asks_with_tools_and_without() -> None:
    said = declaration_of(Assistant)
    assert said is not None
    assert (said.role.calls_of(()), said.role.calls_of(("outbox",))) == (1, 8)
    assert BY_NAME["reader"].calls_of(("outbox",)) == 1


@pytest.mark.parametrize("cls", [Critic, Verifier])
def test_a_loop_ends_by_either_judge(cls: type) -> None:
    said = declaration_of(cls)
    assert said is not None
    body, until = Single(name="draft", actor="assistant"), Single(name="judge", actor=said.name)
    loop = Loop(name="until", body=body, until=until)
    check_plan(Plan(root=loop, why="a test", by="test"), Given(roles=BY_NAME, tools=(), items=1))


def test_every_actor_says_in_one_whole_sentence_what_it_does() -> None:
    assert [role.actor for role in ROLES if not role.does.endswith((".", ";"))] == []


def test_every_kind_that_is_taken_is_made_by_somebody() -> None:
    made = {kind for role in ROLES for kind in role.makes} | {"items"}
    assert {kind for role in ROLES for kind in role.takes} <= made
