"""What each node is told to have received is what the driver gave it."""

from __future__ import annotations

from platos import FanOut, Loop, Plan, Sequence, Single
from platos.cli._received import received


def one(name: str) -> Single:
    return Single(name=name, actor="reader")


def plan_of(root: Single | Sequence | FanOut | Loop) -> Plan:
    return Plan(root=root, why="a test", by="test")


def test_a_node_receives_the_items_and_what_the_node_before_it_made() -> None:
    plan = plan_of(Sequence(name="work", nodes=(one("read"), one("write"))))
    assert received(plan, ["i1", "i2"], {"work/read"}) == {
        "work/read": ("i1", "i2"),
        "work/write": ("i1", "i2", "work/read"),
    }


def test_a_branch_receives_its_item_and_what_joins_them_all_that_they_made() -> None:
    plan = plan_of(Sequence(name="work", nodes=(FanOut(name="each", body=one("read")), one("merge"))))
    found = received(plan, ["i1", "i2"], {"work/each[i1]/read", "work/each[i2]/read"})
    assert found["work/each[i2]/read"] == ("i2",)
    assert found["work/merge"] == ("i1", "i2", "work/each[i1]/read", "work/each[i2]/read")


def test_a_critic_receives_the_draft_and_the_next_round_what_the_critic_said() -> None:
    plan = plan_of(Loop(name="work", body=one("draft"), until=one("judge"), rounds=3))
    found = received(plan, ["i1"], {"work[1]/draft", "work[1]/judge", "work[2]/draft"})
    assert found["work[1]/judge"] == ("i1", "work[1]/draft")
    assert found["work[2]/draft"] == ("i1", "work[1]/judge")
    assert found["work[2]/judge"] == ("i1", "work[2]/draft")
    assert "work[3]/draft" not in found


def test_what_comes_after_a_loop_receives_its_last_draft() -> None:
    loop = Loop(name="draft", body=one("write"), until=one("judge"), rounds=3)
    plan = plan_of(Sequence(name="work", nodes=(loop, one("deliver"))))
    lived = {f"work/draft[{n}]/{name}" for n in (1, 2) for name in ("write", "judge")}
    assert received(plan, ["i1"], lived)["work/deliver"] == ("i1", "work/draft[2]/write")
