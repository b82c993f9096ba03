"""The check of a plan: bounds, names, and whether each node can work on what it is given."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from platos.core.instant import DAY
from platos.core.mistake import did_you_mean
from platos.core.plan import BOUNDS, Bounds, FanOut, Join, Loop, Node, Plan, Sequence, Single, walk
from platos.core.predicate import parse_predicate
from platos.core.role import ITEMS, Role
from platos.core.step import PLANNING
from platos.errors import InvalidPlan, UsageError

__all__ = ["Given", "acts_of", "check_node", "check_plan"]

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_MOST_NAMED = 12
_VERDICT = "review"
_LONGEST = 366 * DAY


class Given(NamedTuple):
    """What a check goes by: the actors there are, the tools and tiers of model that may be named, how many items the
    work is about.

    `capped` tells whether the run has a cap that a share can be of. Of what was there before: `depth` and `nodes` are
    how deep the node will stand and how many nodes there are; `kinds` are those of the artifacts that it is given, None
    where they are not known.
    """

    roles: Mapping[str, Role]
    tools: Collection[str]
    items: int
    bounds: Bounds = BOUNDS
    capped: bool = True
    depth: int = 1
    nodes: int = 0
    kinds: frozenset[str] | None = frozenset({ITEMS})
    models: Collection[str] = ("small", "frontier")


def check_plan(plan: Plan, given: Given) -> None:
    """Raises InvalidPlan where the plan breaks a bound, names an actor or a tool that is not there, or gives an actor
    what it does not take."""
    if plan.root.name == PLANNING:
        raise InvalidPlan(
            f"{PLANNING!r} is the planner's own name", where=PLANNING, expected="another name for the root"
        )
    check_node(plan.root, given)


def check_node(root: Node, given: Given) -> None:
    """The same, for a node and all under it."""
    bounds, seen = given.bounds, set[str]()
    for count, (node, path, depth) in enumerate(walk(root, depth=given.depth), start=given.nodes + 1):
        if not _NAME.fullmatch(node.name):
            raise InvalidPlan(f"{node.name[:60]!r} is no name for a node", where=path, expected="a lower-case word")
        if path in seen:
            raise InvalidPlan("two nodes share one path", where=path, expected="a name of its own for each node")
        seen.add(path)
        if count > bounds.nodes or depth > bounds.depth:
            raise InvalidPlan(
                "the plan is too large", where=path, expected=f"{bounds.nodes} nodes, {bounds.depth} deep"
            )
        if not 0 <= node.share <= 100:
            raise InvalidPlan(f"{node.share} % is no share of a cap", where=path, expected="0 to 100")
        if node.share and not given.capped:
            hint = "write budget: run: $1 into the specialist, or plan without shares"
            raise InvalidPlan("a share of a cap that the run does not have", where=path, hint=hint)
        _check_shape(node, path, given)
    if acts_of(root, given.items) > bounds.acts:
        raise InvalidPlan(
            f"actors would act {acts_of(root, given.items):,} times",
            where=root.name,
            expected=f"at most {bounds.acts:,}",
        )
    _kinds(root, root.name, given.kinds, given.roles)


def acts_of(node: Node, items: int) -> int:
    """How often actors act at most. A branch a claim is counted once: claims are not there before they are made."""
    match node:
        case Single():
            return node.attempts
        case Sequence():
            return sum(acts_of(child, items) for child in node.nodes)
        case Loop():
            return node.rounds * (acts_of(node.body, items) + acts_of(node.until, items))
        case FanOut():
            each = acts_of(node.body, 1 if node.over == "items" else items) if node.body is not None else 0
            times = items if node.over == "items" else 1
            return times * each + sum(acts_of(branch, items) for branch in node.branches)


def _check_shape(node: Node, path: str, given: Given) -> None:
    bounds = given.bounds
    match node:
        case Single():
            _check_single(node, path, given)
        case Sequence() if not node.nodes:
            raise InvalidPlan("a sequence of nothing", where=path, expected="at least one node")
        case Loop() if not 1 <= node.rounds <= bounds.rounds:
            raise InvalidPlan(f"{node.rounds} rounds are out of bounds", where=path, expected=f"1 to {bounds.rounds}")
        case FanOut():
            _check_fan_out(node, path, given)


def _check_fan_out(node: FanOut, path: str, given: Given) -> None:
    if (node.body is None) is (not node.branches):
        raise InvalidPlan("a fan-out has a body or branches", where=path, expected="one of the two")
    known = len(node.branches) or (given.items if node.over == "items" else 0)
    width = given.bounds.width
    if known > width:
        raise InvalidPlan(f"{known} branches are too many", where=path, expected=f"at most {width}")
    if not 1 <= node.good <= (known or width if node.join in (Join.FIRST, Join.QUORUM) else width):
        raise InvalidPlan(f"{node.good} good ones of {known or width}", where=path, expected=f"1 to {known or width}")


def _check_single(node: Single, path: str, given: Given) -> None:
    if node.actor not in given.roles:
        hint = did_you_mean(node.actor[:60], list(given.roles))
        raise InvalidPlan(f"there is no actor {node.actor[:60]!r}", where=path, expected=_some(given.roles), hint=hint)
    if node.tools and not given.roles[node.actor].tools:
        hint = "give them to another node, or to none"
        raise InvalidPlan(f"{node.actor} works without tools", where=path, expected="no tools", hint=hint)
    for tool in node.tools:
        if tool not in given.tools:
            what, hint = (
                f"the specialist may not use the tool {tool[:60]!r}",
                did_you_mean(tool[:60], list(given.tools)),
            )
            raise InvalidPlan(what, where=path, expected=_some(given.tools) or "no tool", hint=hint)
    if node.model not in given.models:
        what = f"there is no tier of model {node.model[:60]!r}"
        raise InvalidPlan(what, where=path, expected=", ".join(given.models))
    for tool, terms in node.reach.items():
        if tool not in node.tools:
            raise InvalidPlan(f"it says what {tool[:60]!r} reaches, and has no such tool", where=path)
        try:
            parse_predicate(terms)
        except UsageError as error:
            raise InvalidPlan(f"what {tool} reaches: {error.what}", where=path, expected=error.expected) from None
    if not 1 <= node.attempts <= given.bounds.attempts:
        expected = f"1 to {given.bounds.attempts}"
        raise InvalidPlan(f"{node.attempts} attempts are out of bounds", where=path, expected=expected)
    if node.timeout < 0:
        raise InvalidPlan("a time that has passed before it began", where=path, expected="microseconds, 0 for none")
    if node.timeout > _LONGEST:
        raise InvalidPlan("no time that a node may take", where=path, expected="microseconds up to a year, 0 for none")


def _kinds(node: Node, path: str, given: frozenset[str] | None, roles: Mapping[str, Role]) -> frozenset[str] | None:
    """The kinds that a node hands on; None where that is not known. Raises InvalidPlan where they do not fit."""
    match node:
        case Single():
            role = roles[node.actor]
            if given is not None and role.takes and not given <= set(role.takes):
                wrong = ", ".join(sorted(given - set(role.takes)))
                what = f"{node.actor} is given {wrong}"
                raise InvalidPlan(what, where=path, expected=", ".join(role.takes), hint=_who_makes(role.takes, roles))
            return frozenset(role.makes) or None
        case Sequence():
            for child in node.nodes:
                given = _kinds(child, f"{path}/{child.name}", given, roles)
            return given
        case FanOut():
            if node.over == "claims" and given == frozenset({ITEMS}):
                raise InvalidPlan("a branch a claim, and nothing made one before", where=path, expected="over: items")
            bodies = node.branches if node.body is None else (node.body,)
            made = [_kinds(body, f"{path}/{body.name}", given, roles) for body in bodies]
            return None if None in made else frozenset().union(*(each for each in made if each is not None))
        case Loop():
            body = _kinds(node.body, f"{path}/{node.body.name}", given, roles)
            verdict = _kinds(node.until, f"{path}/{node.until.name}", body, roles)
            if verdict is not None and _VERDICT not in verdict:
                what = f"{node.until.actor} makes {', '.join(sorted(verdict))}, and a loop ends by a review"
                raise InvalidPlan(what, where=f"{path}/{node.until.name}", hint=_who_makes((_VERDICT,), roles))
            return body


def _who_makes(kinds: Iterable[str], roles: Mapping[str, Role]) -> str:
    makers = [role.actor for role in roles.values() if set(role.makes) & set(kinds)]
    return f"made by {', '.join(sorted(makers)[:_MOST_NAMED])}" if makers else ""


def _some(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)[:_MOST_NAMED])
