"""Plans: the shape of a run, as plain data. A planner emits one; it is validated and stored before anything runs.

Single      one actor does it
Sequence    one after the other, each taking what the one before it made
FanOut      side by side: the same body for each item or claim, or several branches; what they made is joined
Loop        a body, until a critic accepts it, it makes no progress, or the rounds are used up
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Literal

import msgspec

from platos.core.digest import digest
from platos.core.instant import Span

__all__ = [
    "BOUNDS",
    "Bounds",
    "FanOut",
    "Join",
    "Loop",
    "Node",
    "Plan",
    "Sequence",
    "Single",
    "actors_in",
    "singles_in",
]


class Join(StrEnum):
    """What a fan-out makes of its branches. A branch is *good* where it came to its end, and no critic rejected it.

    ALL     waits for every branch; the first failure, in the branches' order, is its own
    FIRST   ends with the first so many good ones, and stops the others
    QUORUM  waits for every branch; so many must be good, and what they made goes on
    RACE    ends with the first branch that comes to an end, good or not, and stops the others
    """

    ALL = "all"
    FIRST = "first"
    QUORUM = "quorum"
    RACE = "race"


class _Node(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape", omit_defaults=True):
    """`name` is the node's own among its siblings. `share` is how much of the run's cap, in percent, the node and all
    that it leads to may spend; 0 leaves it to the run."""

    name: str = msgspec.field(default="")
    share: int = 0


class Single(_Node, frozen=True, kw_only=True, tag="single"):
    """One node, one actor. `tools` are those that it may call, `model` the tier of model that it asks. `reach` says of
    a tool within what it may be called, as terms over its arguments (`path=notes/*`); where nothing, with any.

    `timeout` (microseconds; 0 is none) is how long it may be at work in one go; time that it is parked does not count.
    `attempts` is how often it is started afresh, with nothing of the last try, where it failed. With `verified`, it
    acts only on what a critic has accepted.
    """

    name: str
    actor: str
    model: str = "frontier"
    tools: tuple[str, ...] = ()
    reach: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)
    timeout: Span = 0
    attempts: int = 1
    verified: bool = False


class Sequence(_Node, frozen=True, kw_only=True, tag="sequence"):
    """Nodes in order. The last one's hand-offs are the result."""

    name: str
    nodes: tuple[Node, ...]


class FanOut(_Node, frozen=True, kw_only=True, tag="fan_out"):
    """Branches side by side: one of `body` per item of the work, or per claim of what came before, or these `branches`,
    each on all of it. What they made is joined, in the branches' order; `good` is how many `first` and `quorum` need.
    """

    name: str
    body: Node | None = None
    branches: tuple[Node, ...] = ()
    over: Literal["items", "claims"] = "items"
    join: Join = Join.ALL
    good: int = 1


class Loop(_Node, frozen=True, kw_only=True, tag="loop"):
    """`body`, then `until`, a critic; its remarks go into the next round, at most `rounds` of them. A round that makes
    what an earlier one made is the last: nothing would come of another."""

    name: str
    body: Node
    until: Single
    rounds: int = 3


Node = Single | Sequence | FanOut | Loop


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A tree of nodes and why it has that shape. `by` is the planner, as in `rules`; `version` is this format's."""

    root: Node
    why: str
    by: str
    version: int = 1

    @property
    def digest(self) -> str:
        """The same plan has the same digest, whoever made it and why."""
        return digest(self.root)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan, and all that its nodes add to it while it runs, may not pass.

    `nodes` are those that are written down, `depth` how deep they stand, `width` the branches of one fan-out, `rounds`
    those of one loop, `attempts` those of one node, `acts` how often actors act in all, every branch, round and attempt
    counted.
    """

    nodes: int = 64
    depth: int = 6
    width: int = 500
    rounds: int = 8
    attempts: int = 5
    acts: int = 10_000


BOUNDS = Bounds()


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly under a node."""
    match node:
        case Sequence():
            return node.nodes
        case FanOut():
            return ((node.body,) if node.body is not None else ()) + node.branches
        case Loop():
            return (node.body, node.until)
        case _:
            return ()


def walk(node: Node, path: str = "", depth: int = 1) -> Iterator[tuple[Node, str, int]]:
    """A node and all under it, in order: each with its path and how deep it stands."""
    here = f"{path}/{node.name}" if path else node.name
    yield node, here, depth
    for child in children(node):
        yield from walk(child, here, depth + 1)


def actors_in(plan: Plan) -> list[Single]:
    """The plan's singles, in the order in which they stand."""
    return list(singles_in(plan.root).values())


def singles_in(root: Node) -> dict[str, Single]:
    """The singles in and under a node, by their paths from it."""
    return {path: node for node, path, _ in walk(root) if isinstance(node, Single)}
