"""Plans: the shape of a run, as plain data. A planner emits one; it is validated and stored before anything runs.

Single      one actor does it
Sequence    one after the other, each taking what the one before it made
FanOut      the same body for each item, side by side; what they made is joined
Loop        a body, until a critic accepts it or the rounds are used up
"""

from __future__ import annotations

from collections.abc import Container, Iterator

import msgspec

from platos.core.digest import digest
from platos.core.predicate import parse_predicate
from platos.errors import InvalidPlan, UsageError

__all__ = [
    "BOUNDS",
    "Bounds",
    "FanOut",
    "Loop",
    "Node",
    "Plan",
    "Sequence",
    "Single",
    "actors_in",
    "check_plan",
    "draw",
    "singles_in",
]

NAME = r"[a-z][a-z0-9_-]{0,40}"


class _Node(msgspec.Struct, frozen=True, kw_only=True, tag_field="shape"):
    name: str = msgspec.field(default="")


class Single(_Node, frozen=True, kw_only=True, tag="single"):
    """One node, one actor. `tools` are those that it may call, `model` the tier of model that it asks. `reach` says of
    a tool within what it may be called, as terms over its arguments (`path=notes/*`); where nothing, with any."""

    name: str
    actor: str
    model: str = "frontier"
    tools: tuple[str, ...] = ()
    reach: dict[str, tuple[str, ...]] = msgspec.field(default_factory=dict)


class Sequence(_Node, frozen=True, kw_only=True, tag="sequence"):
    """Nodes in order. The last one's hand-offs are the result."""

    name: str
    nodes: tuple[Node, ...]


class FanOut(_Node, frozen=True, kw_only=True, tag="fan_out"):
    """One branch of `body` per item of the work. Joined by all: every branch's hand-offs, in the items' order."""

    name: str
    body: Node


class Loop(_Node, frozen=True, kw_only=True, tag="loop"):
    """`body`, then `until`, a critic; its remarks go into the next round, at most `rounds` of them."""

    name: str
    body: Node
    until: Single
    rounds: int = 3


Node = Single | Sequence | FanOut | Loop


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A tree of nodes and why it has that shape. `by` is the planner, as in `rules`."""

    root: Node
    why: str
    by: str
    version: int = 1

    @property
    def digest(self) -> str:
        """The same plan has the same digest, whoever made it and why."""
        return digest(self.root)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """What a plan may not pass."""

    nodes: int = 64
    depth: int = 6
    width: int = 500
    rounds: int = 8


BOUNDS = Bounds()


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly under a node."""
    match node:
        case Sequence():
            return node.nodes
        case FanOut():
            return (node.body,)
        case Loop():
            return (node.body, node.until)
        case _:
            return ()


def _walk(node: Node, path: str = "", depth: int = 1) -> Iterator[tuple[Node, str, int]]:
    here = f"{path}/{node.name}" if path else node.name
    yield node, here, depth
    for child in children(node):
        yield from _walk(child, here, depth + 1)


def actors_in(plan: Plan) -> list[Single]:
    """The plan's singles, in the order in which they stand."""
    return [node for node, _, _ in _walk(plan.root) if isinstance(node, Single)]


def singles_in(plan: Plan) -> dict[str, Single]:
    """The plan's singles by their paths in it."""
    return {path: node for node, path, _ in _walk(plan.root) if isinstance(node, Single)}


def check_plan(
    plan: Plan, *, actors: Container[str], tools: Container[str], items: int, bounds: Bounds = BOUNDS
) -> None:
    """Raises InvalidPlan where the plan breaks a bound, or names an actor or a tool that is not there."""
    import re

    seen: set[str] = set()
    for count, (node, path, depth) in enumerate(_walk(plan.root), start=1):
        if not re.fullmatch(NAME, node.name):
            raise InvalidPlan(f"{node.name!r} is no name for a node", where=path, expected="a lower-case word")
        if path in seen:
            raise InvalidPlan("two nodes share one path", where=path, expected="a name of its own for each node")
        seen.add(path)
        if count > bounds.nodes or depth > bounds.depth:
            raise InvalidPlan(
                "the plan is too large", where=path, expected=f"{bounds.nodes} nodes, {bounds.depth} deep"
            )
        if isinstance(node, FanOut) and items > bounds.width:
            raise InvalidPlan(f"{items} branches are too many", where=path, expected=f"at most {bounds.width}")
        if isinstance(node, Loop) and not 1 <= node.rounds <= bounds.rounds:
            raise InvalidPlan(f"{node.rounds} rounds are out of bounds", where=path, expected=f"1 to {bounds.rounds}")
        if isinstance(node, Sequence) and not node.nodes:
            raise InvalidPlan("a sequence of nothing", where=path, expected="at least one node")
        if isinstance(node, Single):
            _check_single(node, path, actors, tools)


def _check_single(node: Single, path: str, actors: Container[str], tools: Container[str]) -> None:
    if node.actor not in actors:
        raise InvalidPlan(f"there is no actor {node.actor!r}", where=path)
    for tool in node.tools:
        if tool not in tools:
            raise InvalidPlan(f"the specialist may not use the tool {tool!r}", where=path)
    for tool, terms in node.reach.items():
        if tool not in node.tools:
            raise InvalidPlan(f"it says what {tool!r} reaches, and has no such tool", where=path)
        try:
            parse_predicate(terms)
        except UsageError as error:
            raise InvalidPlan(f"what {tool} reaches: {error.what}", where=path, expected=error.expected) from None


def draw(plan: Plan) -> str:
    """The plan as a tree of text, one node a line."""
    return "\n".join("  " * (depth - 1) + _label(node) for node, _, depth in _walk(plan.root))


def _label(node: Node) -> str:
    match node:
        case Single():
            tools = [" ".join((tool, *node.reach.get(tool, ()))) for tool in node.tools]
            return f"{node.name}: {node.actor}" + (f" ({', '.join(tools)})" if tools else "")
        case FanOut():
            return f"{node.name}: fan out, one branch an item"
        case Loop():
            return f"{node.name}: loop, until {node.until.actor} accepts, {node.rounds} rounds at most"
        case _:
            return f"{node.name}: sequence"
