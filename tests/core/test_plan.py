"""What a plan may be, and what becomes of one that may not."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.drawing import draw
from platos.core.plan import BOUNDS, FanOut, Join, Loop, Node, Plan, Sequence, Single, actors_in, walk
from platos.core.plan_check import Given, acts_of, check_plan
from platos.core.role import Role
from platos.errors import InvalidPlan

ROLES, TOOLS = {name: Role(actor=name) for name in ("reader", "critic")}, {"outbox"}
READ = Single(name="read", actor="reader", tools=("outbox",))
JUDGE = Single(name="judge", actor="critic")


def plan(root: Node) -> Plan:
    return Plan(root=root, why="a test", by="rules")


def check(root: Node, *, items: int = 3) -> None:
    check_plan(plan(root), Given(roles=ROLES, tools=TOOLS, items=items))


def refused(root: Node, match: str, *, items: int = 3) -> None:
    with pytest.raises(InvalidPlan, match=match) as caught:
        check(root, items=items)
    assert caught.value.where


def nested(depth: int) -> Node:
    node: Node = READ
    for level in range(1, depth):
        node = Sequence(name=f"level{level}", nodes=(node,))
    return node


def test_a_plan_of_every_shape_passes() -> None:
    draft = Loop(name="draft", body=READ, until=JUDGE)
    check(Sequence(name="all", nodes=(FanOut(name="each", body=READ), draft)))


def test_an_unknown_actor_is_refused() -> None:
    refused(Single(name="read", actor="stranger"), "no actor 'stranger'")


def test_an_unknown_critic_is_refused() -> None:
    refused(Loop(name="draft", body=READ, until=Single(name="judge", actor="stranger")), "no actor 'stranger'")


def test_a_tool_that_the_specialist_does_not_have_is_refused() -> None:
    refused(Single(name="read", actor="reader", tools=("shell",)), "may not use the tool 'shell'")


def test_what_a_tool_reaches_is_said_in_terms_and_of_tools_that_the_node_has() -> None:
    check(Single(name="read", actor="reader", tools=("outbox",), reach={"outbox": ("name=weekly", "path=notes/*")}))
    refused(Single(name="read", actor="reader", reach={"outbox": ()}), "what 'outbox' reaches, and has no such tool")
    odd = Single(name="read", actor="reader", tools=("outbox",), reach={"outbox": ("weekly",)})
    refused(odd, "what outbox reaches: 'weekly' names no argument")
    assert draw(plan(Single(name="a", actor="b", tools=("x", "y"), reach={"y": ("z=1",)}))) == "a: b (x, y z=1)"


@pytest.mark.parametrize("name", ["", "Read", "1st", "a b", "a/b", "read\n", "x" * 42, "ü"])
def test_a_name_that_is_no_lower_case_word_is_refused(name: str) -> None:
    with pytest.raises(InvalidPlan, match="no name for a node"):
        check(Single(name=name, actor="reader"))


def test_two_nodes_on_one_path_are_refused() -> None:
    refused(Sequence(name="all", nodes=(READ, READ)), "share one path")


def test_the_same_name_on_two_paths_is_allowed() -> None:
    one, two = (Sequence(name=name, nodes=(READ,)) for name in ("one", "two"))
    check(Sequence(name="all", nodes=(one, two)))


def test_a_plan_of_as_many_nodes_as_allowed_passes_and_one_more_is_refused() -> None:
    singles = tuple(Single(name=f"n{number}", actor="reader") for number in range(64))
    check(Sequence(name="all", nodes=singles[:63]))
    refused(Sequence(name="all", nodes=singles), "too large")


def test_a_plan_as_deep_as_allowed_passes_and_one_deeper_is_refused() -> None:
    check(nested(6))
    refused(nested(7), "too large")


def test_a_plan_far_deeper_than_the_stack_is_refused_all_the_same() -> None:
    refused(nested(5_000), "too large")


def test_as_many_branches_as_allowed_pass_and_one_more_is_refused() -> None:
    check(FanOut(name="each", body=READ), items=500)
    refused(FanOut(name="each", body=READ), "too many", items=501)


@pytest.mark.parametrize("rounds", [0, 9, -1])
def test_rounds_out_of_bounds_are_refused(rounds: int) -> None:
    refused(Loop(name="draft", body=READ, until=JUDGE, rounds=rounds), "out of bounds")


def test_a_sequence_of_nothing_is_refused() -> None:
    refused(Sequence(name="all", nodes=()), "of nothing")


names = st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True)
singles = st.builds(Single, name=names, actor=names, model=names, tools=st.lists(names, max_size=2).map(tuple))


def shapes(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(Sequence, name=names, nodes=st.lists(inner, max_size=3).map(tuple)),
        st.builds(FanOut, name=names, body=inner),
        st.builds(Loop, name=names, body=inner, until=singles, rounds=st.integers(1, 8)),
    )


nodes: st.SearchStrategy[Node] = st.recursive(singles, shapes, max_leaves=8)


@given(nodes)
def test_a_plan_comes_back_from_its_stored_form(root: Node) -> None:
    assert msgspec.json.decode(msgspec.json.encode(plan(root)), type=Plan) == plan(root)


@given(nodes, st.text(), st.text())
def test_the_digest_is_the_shape_alone(root: Node, why: str, by: str) -> None:
    assert Plan(root=root, why=why, by=by).digest == plan(root).digest


@given(nodes, nodes)
def test_another_shape_has_another_digest(one: Node, other: Node) -> None:
    assert (plan(one).digest == plan(other).digest) == (one == other)


def test_the_digest_is_the_same_in_every_version() -> None:
    assert plan(READ).digest == "35a4b3065c7c7b64d5e6f23a09e75cb7f719fe5719c01f7ee2f1de6e2262a4e0"


def numbered(count: int) -> tuple[Single, ...]:
    return tuple(Single(name=f"n{number}", actor="reader") for number in range(count))


def eight(name: str, body: Node) -> Loop:
    return Loop(name=name, body=body, until=JUDGE, rounds=8)


BROKEN: dict[str, tuple[Node, str]] = {
    "no body and no branches": (FanOut(name="each"), "a body or branches"),
    "a body and branches": (FanOut(name="each", body=READ, branches=numbered(2)), "a body or branches"),
    "more good ones than branches": (FanOut(name="e", branches=numbered(2), join=Join.FIRST, good=3), "3 good ones of"),
    "no good one": (FanOut(name="each", body=READ, join=Join.QUORUM, good=0), "0 good ones of 200"),
    "no attempt": (Single(name="read", actor="reader", attempts=0), "0 attempts"),
    "six attempts": (Single(name="read", actor="reader", attempts=6), "6 attempts"),
    "a share over 100": (Single(name="read", actor="reader", share=101), "no share of a cap"),
    "a time before now": (Single(name="read", actor="reader", timeout=-1), "passed before it began"),
    "a branch a claim of nothing": (FanOut(name="each", body=READ, over="claims"), "nothing made one before"),
    "actors that act too often": (FanOut(name="a", body=eight("b", eight("c", READ))), "actors would act 27,200 times"),
}


@pytest.mark.parametrize("case", list(BROKEN))
def test_what_breaks_a_bound_is_refused_with_its_reason(case: str) -> None:
    root, why = BROKEN[case]
    refused(root, why, items=200)


def test_a_share_of_a_cap_that_is_not_there_is_refused() -> None:
    share = plan(Single(name="read", actor="reader", share=10))
    with pytest.raises(InvalidPlan, match="a cap that the run does not have"):
        check_plan(share, Given(roles=ROLES, tools=TOOLS, items=1, capped=False))


FITTING = {
    role.actor: role
    for role in (
        Role(actor="reader", takes=("items",), makes=("extract",)),
        Role(actor="merger", takes=("extract", "report"), makes=("report",)),
        Role(actor="critic", takes=("extract", "report"), makes=("review",)),
        Role(actor="anything"),
    )
}


def fits(*nodes: Node) -> None:
    check_plan(plan(Sequence(name="all", nodes=nodes)), Given(roles=FITTING, tools=(), items=3))


def one(actor: str, name: str = "") -> Single:
    return Single(name=name or actor, actor=actor)


def test_nodes_that_take_what_the_ones_before_them_make_fit() -> None:
    fits(FanOut(name="each", body=Loop(name="until", body=one("reader"), until=one("critic"))), one("merger"))
    fits(one("reader"), FanOut(name="each", body=one("critic"), over="claims"))


def test_an_actor_that_says_nothing_takes_and_makes_anything() -> None:
    fits(one("anything"), one("merger"), one("anything", "again"), one("critic"))


@pytest.mark.parametrize(
    ("nodes", "why", "hint"),
    [
        ((one("merger"),), "merger is given items", "made by merger, reader"),
        ((one("reader"), one("reader", "again")), "reader is given extract", ""),
        ((FanOut(name="side", branches=(one("reader"), one("critic"))),), "critic is given items", "made by"),
        ((Loop(name="until", body=one("reader"), until=one("merger")),), "a loop ends by a review", "made by critic"),
    ],
)
def test_a_node_that_does_not_take_what_it_is_given_is_refused(nodes: tuple[Node, ...], why: str, hint: str) -> None:
    with pytest.raises(InvalidPlan, match=why) as caught:
        fits(*nodes)
    assert caught.value.hint.startswith(hint)


NAMES = st.sampled_from(["a", "b", "c", "A b"])
ACTORS = st.sampled_from(["reader", "critic", "stranger"])
SINGLES = st.builds(Single, name=NAMES, actor=ACTORS, attempts=st.integers(-1, 7), share=st.integers(-1, 101))


def _around(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some, over = st.lists(inner, max_size=4).map(tuple), st.sampled_from(["items", "claims"])
    return st.one_of(
        st.builds(Sequence, name=NAMES, nodes=some),
        st.builds(FanOut, name=NAMES, body=inner, over=over, good=st.integers(0, 4)),
        st.builds(FanOut, name=NAMES, branches=some, join=st.sampled_from(list(Join))),
        st.builds(Loop, name=NAMES, body=inner, until=SINGLES, rounds=st.integers(0, 10)),
    )


def refusal_of(root: Node, items: int) -> InvalidPlan | None:
    try:
        check(root, items=items)
    except InvalidPlan as refusal:
        return refusal
    return None


@given(st.recursive(SINGLES, _around, max_leaves=30), st.integers(0, 600))
def test_a_plan_is_refused_with_its_place_and_reason_or_keeps_every_bound(root: Node, items: int) -> None:
    refusal = refusal_of(root, items)
    if refusal is not None:
        assert refusal.what
        assert refusal.where
        return
    nodes = list(walk(root))
    assert len(nodes) <= BOUNDS.nodes
    assert max(depth for _, _, depth in nodes) <= BOUNDS.depth
    assert len({path for _, path, _ in nodes}) == len(nodes)
    assert acts_of(root, items) <= BOUNDS.acts
    for node, _, _ in nodes:
        assert not isinstance(node, Single) or (node.actor in ROLES and 1 <= node.attempts <= BOUNDS.attempts)
        assert not isinstance(node, Loop) or 1 <= node.rounds <= BOUNDS.rounds
        assert not isinstance(node, FanOut) or items <= BOUNDS.width or node.branches or node.over == "claims"


def test_actors_stand_in_the_order_of_the_plan() -> None:
    root = Sequence(name="all", nodes=(Loop(name="draft", body=READ, until=JUDGE), Single(name="send", actor="mailer")))
    assert [single.name for single in actors_in(plan(root))] == ["read", "judge", "send"]


def test_a_plan_is_drawn_as_a_tree() -> None:
    root = Sequence(name="all", nodes=(FanOut(name="each", body=READ), Loop(name="draft", body=READ, until=JUDGE)))
    assert draw(plan(root)).splitlines() == [
        "all: sequence",
        "  each: fan out, one branch an item",
        "    read: reader (outbox)",
        "  draft: loop, until critic accepts, 3 rounds at most",
        "    read: reader (outbox)",
        "    judge: critic",
    ]
