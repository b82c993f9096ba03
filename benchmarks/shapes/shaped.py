"""Planners of one shape, whatever arrives. They are in no package of planners: the benchmark alone has them."""

from __future__ import annotations

from platos import Brief, FanOut, Loop, Node, Plan, Sequence, Single

__all__ = ["FIXED", "Always"]

_DRAFT = Single(name="draft", actor="assistant")

FIXED: dict[str, Node] = {
    "always-single": _DRAFT,
    "always-fan-out": Sequence(
        name="work",
        nodes=(
            FanOut(name="each", body=Single(name="read", actor="reader")),
            Single(name="merge", actor="aggregator"),
        ),
    ),
    "always-loop": Loop(name="until_accepted", body=_DRAFT, until=Single(name="review", actor="critic"), rounds=3),
}
"""The fixed shapes by the planner's name: one draft, a reader for each item, a draft until a critic accepts."""


class Always:
    """A planner of one of them."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=FIXED[self._name], why="it is always so", by=self._name)
