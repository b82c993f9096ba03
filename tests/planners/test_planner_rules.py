"""Planner `rules`: which shape for which brief."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planners.rules import LARGE, UNSURE, WIDE, Rules
from platos import Brief, Extract, Plan, Receipt, Role
from platos.core.drawing import draw
from platos.core.plan import actors_in
from platos.errors import InvalidPlan
from platos.testing.planner import ROLES, check_planner

EXTRACTS = st.builds(
    Extract,
    item=st.integers(1, 10**9).map("i{}".format),
    source=st.just("inbox"),
    kind=st.sampled_from(["text", "mail"]),
    chars=st.integers(0, 2 * LARGE),
    tier=st.just("rules"),
    confidence=st.floats(0, 1),
)
BRIEFS = st.builds(
    Brief,
    items=st.lists(EXTRACTS, max_size=12).map(tuple),
    tools=st.lists(st.sampled_from(["outbox", "mail"]), unique=True).map(tuple),
    roles=st.just(ROLES),
    receipts=st.dictionaries(st.sampled_from(["outbox", "mail"]), st.just(Receipt(summary="done"))),
    again=st.sampled_from(["", "a critic accepted no draft"]),
)


def brief(*sizes: int, confidence: float = 1.0, tools: tuple[str, ...] = ("outbox",)) -> Brief:
    items = tuple(
        Extract(item=f"i{at}", source="inbox", kind="text", chars=chars, tier="rules", confidence=confidence)
        for at, chars in enumerate(sizes, 1)
    )
    return Brief(items=items, tools=tools, roles=ROLES)


async def shape(given: Brief) -> str:
    return draw(await Rules().plan(given))


async def test_it_keeps_what_every_planner_keeps() -> None:
    await check_planner(Rules())


@given(BRIEFS)
async def test_any_brief_gets_a_valid_plan(given: Brief) -> None:
    await check_planner(Rules(), [given])


@given(BRIEFS)
async def test_only_a_notifier_is_ever_given_a_tool(given: Brief) -> None:
    for node in actors_in(await Rules().plan(given)):
        assert not node.tools or (node.actor, node.tools) == ("notifier", given.tools[:1])


async def test_one_small_item_is_drafted_and_delivered() -> None:
    assert await shape(brief(100)) == "work: sequence\n  draft: assistant\n  deliver: notifier (outbox)"


async def test_without_a_tool_nothing_is_delivered_and_one_node_stands_alone() -> None:
    assert await shape(brief(100, tools=())) == "draft: assistant"


async def test_several_items_are_read_side_by_side_and_merged() -> None:
    assert await shape(brief(100, 200, tools=())) == (
        "work: sequence\n  each: fan out, one branch an item\n    read: reader\n  merge: aggregator"
    )


@pytest.mark.parametrize("given", [brief(LARGE + 1, tools=()), brief(10, confidence=UNSURE - 0.01, tools=())])
async def test_one_item_that_needs_care_is_drafted_until_a_critic_accepts(given: Brief) -> None:
    assert await shape(given) == (
        "until_accepted: loop, until critic accepts, 3 rounds at most\n  draft: assistant\n  review: critic"
    )


async def test_several_items_that_need_care_are_each_read_until_a_critic_accepts() -> None:
    assert await shape(brief(10, LARGE + 1, tools=())) == (
        "work: sequence\n"
        "  each: fan out, one branch an item\n"
        "    until_accepted: loop, until critic accepts, 3 rounds at most\n"
        "      read: reader\n"
        "      review: critic\n"
        "  merge: aggregator"
    )


async def test_bounds_are_on_the_side_of_less_work() -> None:
    assert await shape(brief(LARGE, confidence=UNSURE, tools=())) == "draft: assistant"


async def test_too_many_items_are_drafted_in_one_piece() -> None:
    assert await shape(brief(*[10] * (WIDE + 1), tools=())) == "draft: assistant"


async def test_what_was_delivered_is_not_delivered_again() -> None:
    again = msgspec.structs.replace(brief(10), again="a node failed", receipts={"outbox": Receipt(summary="done")})
    plan = await Rules().plan(again)
    assert draw(plan) == "draft: assistant"
    assert (
        plan.why == "one item: small and sure; planned again, because a node failed; 1 already done and not done again"
    )


async def test_planned_again_before_anything_was_delivered_it_still_delivers() -> None:
    again = msgspec.structs.replace(brief(10), again="a node failed")
    assert "deliver: notifier (outbox)" in await shape(again)


async def test_why_says_what_needed_care() -> None:
    plan = await Rules().plan(brief(10, LARGE + 1, confidence=0.5))
    assert plan.why == "2 items: 1 over 4000 characters and triage unsure of 2, so a critic must accept"


class Broken(Rules):
    """A planner that gives the tool to nobody's node and names an actor that is not there."""

    async def plan(self, brief: Brief) -> Plan:
        plan = await super().plan(brief)
        return msgspec.structs.replace(plan, root=msgspec.structs.replace(actors_in(plan)[0], actor="nobody"))


class Moody(Rules):
    """A planner that changes its mind."""

    calls = 0

    async def plan(self, brief: Brief) -> Plan:
        self.calls += 1
        return msgspec.structs.replace(await super().plan(brief), why=f"call {self.calls}")


async def test_the_suite_catches_a_plan_for_an_actor_that_is_not_there() -> None:
    with pytest.raises(InvalidPlan, match="no actor 'nobody'"):
        await check_planner(Broken())


async def test_the_suite_catches_a_planner_that_changes_its_mind() -> None:
    with pytest.raises(AssertionError, match="another plan"):
        await check_planner(Moody())


def narrow(given: Brief, **window: int) -> Brief:
    return msgspec.structs.replace(given, window=window)


async def test_what_the_window_does_not_hold_at_once_is_read_item_by_item() -> None:
    many = brief(*[1_000] * (WIDE + 1), tools=())
    assert await shape(narrow(many, frontier=200_000)) == "draft: assistant"
    assert await shape(narrow(many, frontier=20_000)) == (
        "work: sequence\n  each: fan out, one branch an item\n    read: reader\n  merge: aggregator"
    )
    assert "too much for one draft" in (await Rules().plan(narrow(many, frontier=20_000))).why


async def test_an_item_that_only_another_tier_holds_is_read_by_that_one() -> None:
    plan = await Rules().plan(narrow(brief(10, 60_000, tools=()), frontier=10_000, small=100_000))
    assert {node.name: node.model for node in actors_in(plan)} == {
        "read": "small",
        "review": "small",
        "merge": "frontier",
    }


async def test_an_item_that_nobody_reads_at_once_is_read_in_stretches() -> None:
    one = await Rules().plan(narrow(brief(60_000), frontier=10_000, small=8_000))
    assert draw(one) == "work: sequence\n  read: long-reader\n  merge: aggregator\n  deliver: notifier (outbox)"
    assert one.why == "one item: more in one than any model reads at once, so in stretches"
    both = await Rules().plan(narrow(brief(10, 60_000, tools=()), frontier=10_000, small=8_000))
    assert draw(both) == (
        "work: sequence\n  each: fan out, one branch an item\n    read: long-reader\n  merge: aggregator"
    )
    assert both.why == "2 items: more in one than any model reads at once, so in stretches"


async def test_one_of_many_items_that_nobody_reads_at_once_has_all_of_them_read_so() -> None:
    assert "read: long-reader" in await shape(narrow(brief(*[10] * WIDE, 60_000), frontier=10_000))


async def test_stretches_are_read_by_a_tier_whose_window_holds_one() -> None:
    plan = await Rules().plan(narrow(brief(60_000), frontier=5_000, small=8_000))
    assert actors_in(plan)[0].model == "small"


async def test_a_stretch_that_no_window_holds_is_refused_with_the_reason() -> None:
    with pytest.raises(InvalidPlan, match="no model here reads more than 3,000 tokens") as refused:
        await Rules().plan(narrow(brief(10, 60_000), frontier=3_000, small=2_000))
    assert refused.value.expected == "at most 12,000 characters"


async def test_where_nobody_reads_in_stretches_an_item_that_no_window_holds_is_refused() -> None:
    given = narrow(brief(60_000), frontier=10_000)
    without = msgspec.structs.replace(given, roles=tuple(role for role in ROLES if not role.stretch))
    with pytest.raises(InvalidPlan, match="60,000 characters are to be read at once"):
        await Rules().plan(without)


async def test_more_items_than_branches_that_no_window_holds_are_refused() -> None:
    many = narrow(brief(*[1_000] * 501), frontier=20_000)
    with pytest.raises(InvalidPlan, match="501 items are more than any model reads at once"):
        await Rules().plan(many)


async def test_up_to_so_many_small_items_of_one_kind_are_drafted_in_one_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("planners.rules.TOGETHER", 3)
    three = brief(10, 20, 30, tools=())
    mixed = msgspec.structs.replace(
        three, items=(*three.items[:2], msgspec.structs.replace(three.items[2], kind="mail"))
    )
    assert await shape(three) == "draft: assistant"
    for other in (brief(10, 20, 30, 40, tools=()), mixed, narrow(three, frontier=20, small=10_000)):
        assert "fan out" in await shape(other)


async def test_an_actor_that_takes_and_makes_the_same_stands_in() -> None:
    mine = Role(actor="skimmer", takes=("items",), makes=("extract",))
    roles = tuple(role for role in ROLES if role.actor not in ("reader", "researcher", "long-reader"))
    given = msgspec.structs.replace(brief(10, 20, tools=()), roles=(*roles, mine))
    assert "read: skimmer" in await shape(given)
    assert "read: reader" in await shape(msgspec.structs.replace(given, roles=(*ROLES, mine)))


async def test_the_suite_catches_a_refusal_of_what_a_window_holds() -> None:
    class Shy(Rules):
        async def plan(self, brief: Brief) -> Plan:
            raise InvalidPlan("not today")

    with pytest.raises(InvalidPlan, match="not today"):
        await check_planner(Shy())
