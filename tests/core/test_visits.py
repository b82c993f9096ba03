"""How often the nodes of a plan act, at most and where all is accepted."""

from __future__ import annotations

from platos.core.plan import FanOut, Loop, Node, Plan, Sequence, Single
from platos.core.visits import CLAIMS, visits

READ, MERGE, DELIVER, CRITIC = (Single(name=each, actor=each) for each in ("read", "merge", "deliver", "critic"))
LOOP = Loop(name="until", body=READ, until=CRITIC, rounds=3)


def seen(root: Node, items: int, *, accepted: bool = False) -> list[tuple[str, int, int, int]]:
    """Path, items, inputs and times of every visit."""
    plan = Plan(root=root, why="", by="test")
    found = visits(plan, [f"i{number}" for number in range(1, items + 1)], accepted=accepted)
    return [(each.path, len(each.items), each.inputs, each.times) for each in found]


def test_one_node_acts_once_on_everything() -> None:
    assert seen(READ, 3) == [("read", 3, 0, 1)]


def test_a_sequence_hands_on_what_the_node_before_made() -> None:
    root = Sequence(name="work", nodes=(READ, MERGE, DELIVER))
    assert seen(root, 2) == [("work/read", 2, 0, 1), ("work/merge", 2, 1, 1), ("work/deliver", 2, 1, 1)]


def test_a_fan_out_acts_once_for_each_item_and_hands_on_as_much() -> None:
    root = Sequence(name="work", nodes=(FanOut(name="each", body=READ), MERGE))
    assert seen(root, 3) == [("work/each/read", 1, 0, 1)] * 3 + [("work/merge", 3, 3, 1)]


def test_a_loop_acts_as_often_as_it_has_rounds_and_its_critic_reads_what_was_made() -> None:
    assert seen(LOOP, 2) == [("until/read", 2, 0, 3), ("until/critic", 2, 1, 3)]


def test_a_critic_that_accepts_ends_a_loop_in_its_first_round() -> None:
    assert seen(LOOP, 2, accepted=True) == [("until/read", 2, 0, 1), ("until/critic", 2, 1, 1)]


def test_rounds_within_rounds_multiply() -> None:
    root = Loop(name="outer", body=FanOut(name="each", body=LOOP), until=CRITIC, rounds=2)
    assert seen(root, 2) == [
        ("outer/each/until/read", 1, 0, 6),
        ("outer/each/until/critic", 1, 1, 6),
        ("outer/each/until/read", 1, 0, 6),
        ("outer/each/until/critic", 1, 1, 6),
        ("outer/critic", 2, 2, 2),
    ]


def test_a_branch_a_claim_is_reckoned_for_every_hand_off_and_so_is_what_it_makes() -> None:
    claims = FanOut(name="claims", body=CRITIC, over="claims")
    root = Sequence(name="work", nodes=(FanOut(name="each", body=READ), claims, MERGE))
    found = seen(root, 2)
    assert found.count(("work/claims/critic", 2, 1, 1)) == 2 * CLAIMS
    assert found[-1] == ("work/merge", 2, 2 * CLAIMS, 1)
