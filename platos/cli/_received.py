"""What each node of a plan received: items of the run, and what nodes before it made. As `drive` hands it on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import NamedTuple

from platos.core import plan as plans
from platos.core.plan import FanOut, Loop, Node, Plan, Single

__all__ = ["received"]

Names = tuple[str, ...]


class _Given(NamedTuple):
    """Items, and the paths of the nodes whose hand-offs are passed on."""

    items: Names
    made_by: Names = ()


def received(plan: Plan, items: Sequence[str], lived: Collection[str]) -> dict[str, Names]:
    """For each node that has lived, by its path, the names of what it received."""
    found: dict[str, Names] = {}
    _walk(plan.root, "", _Given(tuple(items)), frozenset(lived), found)
    return found


def _walk(node: Node, above: str, given: _Given, lived: frozenset[str], found: dict[str, Names]) -> Names:
    """Note what is received in and under a node; the paths of those whose hand-offs come out of it."""
    path = f"{above}/{node.name}" if above else node.name
    match node:
        case Single():
            attempts = [path, *(f"{path}~{number}" for number in range(2, node.attempts + 1))]
            lived_here = [each for each in attempts if each in lived]
            found |= dict.fromkeys(lived_here or [path], (*given.items, *given.made_by))
            return tuple(lived_here[-1:])
        case plans.Sequence():
            for child in node.nodes:
                given = given._replace(made_by=_walk(child, path, given, lived, found))
            return given.made_by
        case FanOut(body=None):
            return tuple(made for each in node.branches for made in _walk(each, path, given, lived, found))
        case FanOut(body=body) if body is not None:
            branches = _branches(node, path, given, lived)
            return tuple(made for at, part in branches for made in _walk(body, at, part, lived, found))
        case Loop():
            return _rounds(node, path, given, lived, found)
        case _:
            return ()


def _branches(node: FanOut, path: str, given: _Given, lived: frozenset[str]) -> list[tuple[str, _Given]]:
    """Where the branches of a fan-out lie, and what each is given; those of claims are as many as lived."""
    if node.over == "items":
        return [(f"{path}[{item}]", given._replace(items=(item,))) for item in given.items]
    begin = f"{path}[c"
    numbers = {int(each[len(begin) :].partition("]")[0]) for each in lived if each.startswith(begin)}
    return [(f"{begin}{number}]", given) for number in sorted(numbers)]


def _rounds(node: Loop, path: str, given: _Given, lived: frozenset[str], found: dict[str, Names]) -> Names:
    """A round is given what its critic said of the one before."""
    made: Names = ()
    remarks: Names = ()
    for number in range(1, node.rounds + 1):
        at = f"{path}[{number}]"
        made = _walk(node.body, at, given._replace(made_by=(*given.made_by, *remarks)), lived, found) or made
        remarks = _walk(node.until, at, given._replace(made_by=made), lived, found)
        if not remarks:
            break
    return made
