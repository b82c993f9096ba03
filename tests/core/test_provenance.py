"""Provenance, and where in a plan the three that should not meet may meet."""

from __future__ import annotations

import pytest

from platos.core.plan import FanOut, Loop, Node, Sequence, Single
from platos.core.provenance import MEET, Provenance, Seen, meeting

OUTSIDE, PRIVATE = frozenset({Provenance.OUTSIDE}), frozenset({Provenance.PRIVATE})
NONE: frozenset[Provenance] = frozenset()
ANSWERS = {"get": OUTSIDE, "query": PRIVATE, "mail": OUTSIDE, "note": NONE}

READ = Single(name="read", actor="reader")
LOOK = Single(name="look", actor="researcher", tools=("query",))
SEND = Single(name="send", actor="notifier", tools=("mail",))


def found(root: Node, *, items: frozenset[Provenance] = OUTSIDE, known: frozenset[Provenance] = NONE) -> list[str]:
    return meeting(root, Seen(items, known, ANSWERS, frozenset({"mail", "get"})))


def in_order(*nodes: Node) -> Sequence:
    return Sequence(name="all", nodes=nodes)


def test_text_from_outside_and_a_way_out_are_two() -> None:
    assert found(in_order(READ, SEND)) == []


def test_what_is_private_is_the_third() -> None:
    assert found(in_order(READ, SEND), known=PRIVATE) == ["all/send"]
    assert found(in_order(READ, SEND), items=MEET) == ["all/send"]


def test_what_a_tool_answers_rides_on_to_the_nodes_after_it() -> None:
    assert found(in_order(LOOK, SEND)) == ["all/send"]
    assert found(in_order(SEND, LOOK)) == []


def test_a_node_that_acts_nowhere_may_see_everything() -> None:
    assert found(in_order(READ, LOOK), items=MEET) == []


def test_both_tools_in_one_node_are_seen() -> None:
    assert found(Single(name="do", actor="assistant", tools=("query", "mail"))) == ["do"]


def test_a_branch_does_not_see_what_the_one_beside_it_saw() -> None:
    side = FanOut(name="side", branches=(LOOK, SEND))
    assert found(side) == []
    assert found(in_order(side, Single(name="last", actor="notifier", tools=("mail",)))) == ["all/last"]


def test_the_body_of_a_loop_sees_what_its_critic_saw() -> None:
    critic = Single(name="judge", actor="critic", tools=("query",))
    assert found(Loop(name="until", body=READ, until=critic)) == []
    after = in_order(Loop(name="until", body=READ, until=critic), SEND)
    assert found(after) == ["all/send"]
    body = Loop(name="until", body=SEND, until=critic)
    assert found(body) == ["until/send"]


@pytest.mark.parametrize("tool", ["note"])
def test_a_tool_that_stays_in_the_workspace_is_no_way_out(tool: str) -> None:
    assert found(Single(name="do", actor="assistant", tools=(tool,)), items=MEET) == []
