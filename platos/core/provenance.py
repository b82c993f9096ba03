"""Provenance: where a value comes from. It rides on everything that is made of it, and never comes off.

What others wrote may hold instructions; what is the owner's own must not leave; what acts outward can carry it away. At
most two of the three meet in one actor unless a person allows the call: the rule of two, after "Agents Rule of Two: A
Practical Approach to AI Agent Security" (Meta, 2025), and S. Willison's "lethal trifecta" before it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple

from platos.core.plan import FanOut, Loop, Node, Sequence, Single

__all__ = ["MEET", "Provenance", "Seen", "meeting"]


class Provenance(StrEnum):
    """OUTSIDE is text that others wrote, PRIVATE what is the owner's own: notes, mail, what a command printed."""

    OUTSIDE = "outside"
    PRIVATE = "private"


MEET = frozenset(Provenance)
"""With these on what an actor has seen, it does nothing outward unless a person allows it."""

Origins = frozenset[Provenance]


class Seen(NamedTuple):
    """What a net can come by: the provenance of its items, of what is known beside them, of what each tool answers;
    `outward` are the tools that can carry something away."""

    items: Origins
    known: Origins
    answers: Mapping[str, Origins]
    outward: frozenset[str]


def meeting(root: Node, of: Seen) -> list[str]:
    """The paths of the nodes in which all three may meet, by the plan alone: a helper that a node asks for has no other
    tools than the node."""
    found: list[str] = []
    _carried(root, root.name, frozenset(), of, found)
    return found


def _carried(node: Node, path: str, given: Origins, of: Seen, found: list[str]) -> Origins:
    """The provenance of what a node may hand on."""
    match node:
        case Single():
            seen = _union([given, of.items, of.known, *(of.answers.get(tool, MEET) for tool in node.tools)])
            if seen >= MEET and of.outward & set(node.tools):
                found.append(path)
            return seen
        case Sequence():
            for child in node.nodes:
                given = _carried(child, f"{path}/{child.name}", given, of, found)
            return given
        case FanOut():
            bodies = node.branches if node.body is None else (node.body,)
            return _union(_carried(body, f"{path}/{body.name}", given, of, found) for body in bodies)
        case Loop():
            body = _carried(node.body, f"{path}/{node.body.name}", given, of, [])
            said = _carried(node.until, f"{path}/{node.until.name}", given | body, of, [])
            body = _carried(node.body, f"{path}/{node.body.name}", given | said, of, found)
            return body | _carried(node.until, f"{path}/{node.until.name}", given | body, of, found)


def _union(given: Iterable[Origins]) -> Origins:
    return frozenset().union(*given)
