"""Drawings of a plan: as a tree of text, and as a Mermaid flow chart."""

from __future__ import annotations

from itertools import pairwise

from platos.core.instant import span_text
from platos.core.plan import FanOut, Join, Loop, Node, Plan, Sequence, Single, children, walk

__all__ = ["draw", "draw_node", "label", "mermaid"]


def draw(plan: Plan) -> str:
    """The plan as a tree of text, one node a line."""
    return draw_node(plan.root)


def draw_node(root: Node) -> str:
    """A node and all under it, the same way."""
    return "\n".join("  " * (depth - 1) + label(node) for node, _, depth in walk(root))


def label(node: Node) -> str:
    """A node on one line: what it is, and what bounds it."""
    text = f"{node.name}: {_what(node)}"
    notes = [f"{node.share} % of the cap"] * bool(node.share)
    if isinstance(node, Single):
        notes += [f"{node.model} model"] * (node.model != "frontier")
        notes += [f"{span_text(node.timeout)} at most"] * bool(node.timeout)
        notes += [f"{node.attempts} attempts"] * (node.attempts > 1)
        notes += ["only on what was accepted"] * node.verified
    return ", ".join([text, *notes])


def _what(node: Node) -> str:
    match node:
        case Single():
            tools = [" ".join((tool, *node.reach.get(tool, ()))) for tool in node.tools]
            return node.actor + (f" ({', '.join(tools)})" if tools else "")
        case FanOut():
            each = f"one branch {'a claim' if node.over == 'claims' else 'an item'}"
            return f"fan out, {each if node.body is not None else 'side by side'}{_joined(node)}"
        case Loop():
            return f"loop, until {node.until.actor} accepts, {node.rounds} rounds at most"
        case Sequence():
            return "sequence"


def _joined(node: FanOut) -> str:
    match node.join:
        case Join.ALL:
            return ""
        case Join.FIRST:
            return f", the first {node.good} good ones" if node.good > 1 else ", the first good one"
        case Join.QUORUM:
            return f", {node.good} of them must be good"
        case Join.RACE:
            return ", whichever ends first"


def mermaid(plan: Plan) -> str:
    """The plan as a Mermaid flow chart: https://mermaid.js.org/syntax/flowchart.html.

    Names of nodes, actors and tools are lower-case words; of what a tool reaches, quotes are escaped.
    """
    return "\n".join(["flowchart LR", *_Chart().lines(plan.root)])


class _Chart:
    """Draws node after node; each gets an id of its own."""

    def __init__(self) -> None:
        self._count = 0

    def lines(self, root: Node) -> list[str]:
        edges: list[str] = []
        _, _, drawn = self._node(root, edges, "  ")
        return drawn + edges

    def _node(self, node: Node, edges: list[str], pad: str) -> tuple[str, str, list[str]]:
        """A node's way in, its way out, and its lines."""
        self._count += 1
        here = f"n{self._count}"
        if isinstance(node, Single):
            return here, here, [f'{pad}{here}["{_quoted(node)}"]']
        lines = [f'{pad}subgraph {here}["{label(node)}"]', f"{pad}  direction LR"]
        ends = []
        for child in children(node):
            start, end, drawn = self._node(child, edges, pad + "  ")
            lines += drawn
            ends.append((start, end))
        if not isinstance(node, FanOut):
            edges += [f"  {left[1]} --> {right[0]}" for left, right in pairwise(ends)]
        if isinstance(node, Loop):
            edges.append(f'  {ends[1][1]} -. "remarks" .-> {ends[0][0]}')
        return here, here, [*lines, f"{pad}end"]


def _quoted(node: Node) -> str:
    return label(node).replace('"', "#quot;")
