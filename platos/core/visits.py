"""Visits: how often each node of a plan acts, on which items and on how much of what came before it, at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from platos.core.plan import FanOut, Loop, Node, Plan, Single
from platos.core.plan import Sequence as InOrder

__all__ = ["Visit", "visits"]


class Visit(NamedTuple):
    """A node acts on these items, and on so many hand-offs, `times` over: once a round, where it is in a loop.

    `path` is the node's place in the plan, without the items of fan-outs.
    """

    path: str
    node: Single
    items: tuple[str, ...]
    inputs: int
    times: int


def visits(plan: Plan, items: Sequence[str], *, accepted: bool) -> list[Visit]:
    """Every visit, in order. With `accepted`, every critic accepts what it sees first; else none ever does."""
    return list(_visits(plan.root, Visit("", _NOBODY, tuple(items), 0, 1), accepted))


_NOBODY = Single(name="", actor="")


def _visits(node: Node, given: Visit, accepted: bool) -> Iterator[Visit]:
    here = given._replace(path=f"{given.path}/{node.name}".lstrip("/"))
    match node:
        case Single():
            yield here._replace(node=node)
        case InOrder():
            for child in node.nodes:
                yield from _visits(child, here, accepted)
                here = here._replace(inputs=_made(child, len(given.items)))
        case FanOut():
            for item in given.items:
                yield from _visits(node.body, here._replace(items=(item,)), accepted)
        case Loop():
            here = here._replace(times=here.times * (1 if accepted else node.rounds))
            yield from _visits(node.body, here, accepted)
            yield from _visits(node.until, here._replace(inputs=_made(node.body, len(given.items))), accepted)


def _made(node: Node, items: int) -> int:
    """How many hand-offs a node gives."""
    match node:
        case Single():
            return 1
        case InOrder():
            return _made(node.nodes[-1], items)
        case FanOut():
            return items * _made(node.body, 1)
        case Loop():
            return _made(node.body, items)
