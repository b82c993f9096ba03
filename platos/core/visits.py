"""Visits: how often each node of a plan acts, on which items and on how much of what came before it, at most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from platos.core.plan import FanOut, Loop, Node, Plan, Single
from platos.core.plan import Sequence as InOrder

__all__ = ["CLAIMS", "Visit", "visits"]

CLAIMS = 10
"""How many claims a hand-off is taken to have: what a plan says of them, they are not there before they are made."""


class Visit(NamedTuple):
    """A node acts on these items, and on so many hand-offs, `times` over: once a round and an attempt.

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
            yield here._replace(node=node, times=here.times * (1 if accepted else node.attempts))
        case InOrder():
            for child in node.nodes:
                yield from _visits(child, here, accepted)
                here = here._replace(inputs=_made(child, here))
        case FanOut(body=None):
            for branch in node.branches:
                yield from _visits(branch, here, accepted)
        case FanOut(body=body) if body is not None:
            for part in _parts(node, here):
                yield from _visits(body, part, accepted)
        case Loop():
            here = here._replace(times=here.times * (1 if accepted else node.rounds))
            yield from _visits(node.body, here, accepted)
            yield from _visits(node.until, here._replace(inputs=_made(node.body, here)), accepted)


def _parts(node: FanOut, here: Visit) -> Iterator[Visit]:
    """What each branch is given, at most."""
    if node.over == "items":
        yield from (here._replace(items=(item,)) for item in here.items)
    else:
        yield from (here._replace(inputs=1) for _ in range(CLAIMS * max(1, here.inputs)))


def _made(node: Node, given: Visit) -> int:
    """How many hand-offs a node gives at most, of what it is given."""
    match node:
        case Single():
            return 1
        case InOrder():
            made = 0
            for child in node.nodes:
                made = _made(child, given)
                given = given._replace(inputs=made)
            return made
        case FanOut(body=None):
            return sum(_made(branch, given) for branch in node.branches)
        case FanOut(body=body):
            return sum(_made(body, part) for part in _parts(node, given)) if body is not None else 0
        case Loop():
            return _made(node.body, given)
