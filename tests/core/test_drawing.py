"""Drawings of a plan."""

from __future__ import annotations

from platos.core.drawing import draw, mermaid
from platos.core.instant import MINUTE
from platos.core.plan import FanOut, Join, Loop, Plan, Sequence, Single

READ = Single(name="read", actor="reader", model="small", timeout=5 * MINUTE, attempts=2)
ROOT = Sequence(
    name="work",
    nodes=(
        FanOut(name="each", body=Loop(name="until", body=READ, until=Single(name="judge", actor="critic"))),
        FanOut(name="check", body=Single(name="one", actor="verifier"), over="claims", join=Join.QUORUM, good=2),
        FanOut(name="side", branches=(Single(name="a", actor="x"), Single(name="b", actor="y")), join=Join.RACE),
        FanOut(name="some", body=Single(name="c", actor="x"), join=Join.FIRST, share=30),
        Single(name="send", actor="notifier", tools=("outbox", "mail")),
    ),
)
PLAN = Plan(root=ROOT, why="a test", by="test")

TREE = """\
work: sequence
  each: fan out, one branch an item
    until: loop, until critic accepts, 3 rounds at most
      read: reader, small model, 5m at most, 2 attempts
      judge: critic
  check: fan out, one branch a claim, 2 of them must be good
    one: verifier
  side: fan out, side by side, whichever ends first
    a: x
    b: y
  some: fan out, one branch an item, the first good one, 30 % of the cap
    c: x
  send: notifier (outbox, mail)"""

CHART = """\
flowchart LR
  subgraph n1["work: sequence"]
    direction LR
    subgraph n2["until: loop, until critic accepts, 3 rounds at most"]
      direction LR
      n3["read: reader"]
      n4["judge: critic"]
    end
    n5["send: notifier"]
  end
  n3 --> n4
  n4 -. "remarks" .-> n3
  n2 --> n5"""


def test_a_plan_is_a_tree_with_what_bounds_each_node() -> None:
    assert draw(PLAN) == TREE


def test_a_chart_leads_from_node_to_node_and_back_in_a_loop() -> None:
    loop = Loop(name="until", body=Single(name="read", actor="reader"), until=Single(name="judge", actor="critic"))
    root = Sequence(name="work", nodes=(loop, Single(name="send", actor="notifier")))
    assert mermaid(Plan(root=root, why="a test", by="test")) == CHART
