"""A run's net as its journal tells it: every plan as a tree of what has lived, and where each part of it is.

A node is one line of the tree; a branch, a round and an attempt are nodes of their own, and so are helpers that a node
asked for. Nothing is read here: the same events give the same tree, whoever looks.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from platos.core.drawing import label
from platos.core.event import (
    AnyEvent,
    MoneyReserved,
    MoneySettled,
    PlanGrown,
    PlanMade,
    PlanRejected,
    RunMoved,
    RunOpened,
    StepMoved,
)
from platos.core.instant import Instant, iso
from platos.core.money import Nano
from platos.core.plan import FanOut, Loop, Node, Single
from platos.core.plan import Sequence as InOrder
from platos.core.state import FINAL, State
from platos.core.step import PLANNING, StepKind

__all__ = ["At", "NetNode", "NetPlan", "flat", "net_of"]


class At(StrEnum):
    """Where a part of a net is. `stopped` is a branch that another one made needless, `never` what a run that has
    ended did not come to."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    PARKED = "parked"
    STOPPED = "stopped"
    NEVER = "not begun"


class NetNode(msgspec.Struct, frozen=True, kw_only=True):
    """A node where it lived. `name` is how it is called among its siblings, `[i3] read` in the branch of an item;
    `what` is the plan's line of it. `detail` says what it is parked for, failed of, or went on with; `asked` who asked
    for it and why, where it was no part of the plan.

    `began` and `ended` are microseconds since 1970, None where it did not; what it waited lies between them. `spent`
    is what it and all under it cost, in nano-dollars. `many` tells that its children are branches of one body.
    """

    path: str
    name: str
    what: str
    state: At
    detail: str = ""
    asked: str = ""
    began: Instant | None = None
    ended: Instant | None = None
    spent: Nano = 0
    many: bool = False
    children: tuple[NetNode, ...] = ()


class NetPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A plan and what became of it; `rejected` is why another was made, empty where none was."""

    revision: int
    by: str
    why: str
    rejected: str
    root: NetNode


def net_of(told: Sequence[AnyEvent], large: Mapping[str, bytes]) -> tuple[NetPlan, ...]:
    """A run's plans in order, as its chain tells. `large` are the results that are too large for it, by digest."""
    made = [event for event in told if isinstance(event, PlanMade)]
    items = next((event.items for event in told if isinstance(event, RunOpened)), ())
    rejected = {event.revision: event.why for event in told if isinstance(event, PlanRejected)}
    lives = _lives(told, large)
    plans = []
    for event in made:
        live = lives[event.revision]
        live.over = live.over or event is not made[-1]
        root = _Tree(live).node(event.plan.root, event.plan.root.name, tuple(f"i{n}" for n in items), ready=True)
        why = rejected.get(event.revision, "" if event is made[-1] else "a new plan was asked for")
        plan = event.plan
        plans.append(NetPlan(revision=event.revision, by=plan.by, why=plan.why, rejected=why, root=root))
    return tuple(plans)


def flat(node: NetNode) -> Iterator[NetNode]:
    """A node and all under it, in order."""
    yield node
    for child in node.children:
        yield from flat(child)


@dataclass
class _Live:
    """What is known of one plan: its steps by path, what each path spent, what was added, how joins went; is the run
    `at_work`, is the plan `over`, and what it `waits` for where it rests."""

    steps: dict[str, dict[tuple[str, int], StepMoved]] = field(default_factory=dict)
    spent: dict[str, Nano] = field(default_factory=dict)
    grown: dict[str, PlanGrown] = field(default_factory=dict)
    joins: dict[str, list[str]] = field(default_factory=dict)
    at_work: bool = False
    over: bool = False
    waits: str = ""


def _lives(told: Sequence[AnyEvent], large: Mapping[str, bytes]) -> dict[int, _Live]:
    """Money is not told by plan: it is of the one that was in force when it was held."""
    lives: dict[int, _Live] = {}
    now, held = _Live(), dict[int, tuple[_Live, str]]()
    for event in told:
        match event:
            case PlanMade():
                now = lives[event.revision] = _Live(at_work=now.at_work)
            case PlanGrown():
                lives[event.revision].grown[event.path] = event
            case StepMoved() if event.path != PLANNING:  # what a planner asks comes before its plan
                _step(lives[event.revision], event, large)
            case MoneyReserved():
                held[event.reservation] = (now, event.step.split(":")[1] if event.step.count(":") > 1 else "")
            case MoneySettled() if event.reservation in held:
                live, path = held[event.reservation]
                live.spent[path] = live.spent.get(path, 0) + event.charged
            case RunMoved():
                now.at_work, now.over = event.new is State.RUNNING, event.new in FINAL
                now.waits = ", ".join(event.waits) or event.why
            case _:
                pass
    return lives


def _step(live: _Live, event: StepMoved, large: Mapping[str, bytes]) -> None:
    live.steps.setdefault(event.path, {})[event.name, event.ordinal] = event
    if event.kind is StepKind.JOIN:
        result = bytes(event.result) if event.payload is None else large[event.payload]
        live.joins[event.path] = msgspec.json.decode(result, type=list[str])


class _Tree:
    """Goes through a plan as `drive` does. `ready` tells whether all that a node needs is there."""

    def __init__(self, live: _Live) -> None:
        self._live = live
        self._helpers: dict[str, list[PlanGrown]] = {}
        for grown in live.grown.values():
            self._helpers.setdefault(grown.path.rpartition("/")[0], []).append(grown)
        self._above = {above for path in (*live.steps, *live.grown) for above in _all_above(path)}

    def node(self, node: Node, path: str, items: Sequence[str], *, ready: bool, name: str = "") -> NetNode:
        here = NetNode(path=path, name=name or node.name, what=label(node).partition(": ")[2], state=self._idle(ready))
        match node:
            case Single():
                return self._attempts(node, here, ready)
            case InOrder():
                return self._around(here, self._in_order(node.nodes, path, items, ready))
            case Loop():
                return self._around(here, self._rounds(node, path, items, ready))
            case FanOut():
                return self._joined(node, here, self._branches(node, path, items, ready))

    def _in_order(
        self, nodes: Sequence[Node], path: str, items: Sequence[str], ready: bool, mark: str = ""
    ) -> list[NetNode]:
        found = []
        for node in nodes:
            found.append(self.node(node, f"{path}/{node.name}", items, ready=ready, name=f"{mark}{node.name}"))
            ready = ready and found[-1].state is At.DONE
        return found

    def _rounds(self, node: Loop, path: str, items: Sequence[str], ready: bool) -> list[NetNode]:
        """Those that have lived, and the first."""
        found: list[NetNode] = []
        for number in range(1, node.rounds + 1):
            at = f"{path}[{number}]"
            if number == 1 or self._lived(at):
                found += self._in_order((node.body, node.until), at, items, ready, f"[{number}] ")
        return found

    def _branches(self, node: FanOut, path: str, items: Sequence[str], ready: bool) -> dict[str, NetNode]:
        if node.body is None:
            return {each.name: self.node(each, f"{path}/{each.name}", items, ready=ready) for each in node.branches}
        keys = items if node.over == "items" and items else self._keys(path)
        found = {}
        for key in keys:
            mine = (key,) if node.over == "items" else items
            at, name = f"{path}[{key}]/{node.body.name}", f"[{key}] {node.body.name}"
            found[key] = self.node(node.body, at, mine, ready=ready, name=name)
        return found

    def _keys(self, path: str) -> list[str]:
        """The claims, or of helpers the items, whose branches have lived: what others there are is not written down."""
        begin = f"{path}["
        lived = [*self._live.steps, *self._live.grown, *self._live.spent]
        found = {each[len(begin) :].partition("]")[0] for each in lived if each.startswith(begin)}
        return sorted(found, key=lambda key: (len(key), key))

    def _lived(self, at: str) -> bool:
        return at in self._above

    def _joined(self, node: FanOut, here: NetNode, branches: dict[str, NetNode]) -> NetNode:
        """What a join went on with is done, whatever became of the others."""
        chosen = self._live.joins.get(here.path)
        if chosen is not None:
            branches = {key: each if key in chosen else _stopped(each) for key, each in branches.items()}
        around = self._around(here, list(branches.values()))
        around = msgspec.structs.replace(around, many=node.body is not None)
        if chosen is None:
            return around
        names = ", ".join(chosen[:5]) + (f" and {len(chosen) - 5} more" if len(chosen) > 5 else "")
        states = [branches[key].state for key in chosen if key in branches]
        state = At.FAILED if At.FAILED in states else At.DONE
        return msgspec.structs.replace(around, state=state, detail=f"went on with {names}")

    def _attempts(self, node: Single, here: NetNode, ready: bool) -> NetNode:
        """A node that was begun again has its attempts under it."""
        tries = [here.path, *(f"{here.path}~{number}" for number in range(2, node.attempts + 1))]
        lived = [each for each in tries if each in self._live.steps or self._lived(each)] or tries[:1]
        found = [
            self._alone(msgspec.structs.replace(here, path=each, name=here.name if n == 1 else f"~{n}"), ready)
            for n, each in enumerate(lived, start=1)
        ]
        if len(found) == 1:
            return found[0]
        first = msgspec.structs.replace(found[0], name="~1")
        around = self._around(here, [first, *found[1:]])
        return msgspec.structs.replace(around, state=found[-1].state, detail=f"attempt {len(found)}")

    def _alone(self, here: NetNode, ready: bool) -> NetNode:
        steps = list(self._live.steps.get(here.path, {}).values())
        state, detail = self._of_steps(steps, ready)
        ended = max((step.at for step in steps), default=None) if state not in (At.RUNNING, At.PARKED) else None
        began = min((step.first or step.started or step.at for step in steps), default=None)
        helpers = [self._helper(each) for each in self._helpers.get(here.path, ())]
        spent = self._live.spent.get(here.path, 0) + sum(each.spent for each in helpers)
        return msgspec.structs.replace(
            here, state=state, detail=detail, began=began, ended=ended, spent=spent, children=tuple(helpers)
        )

    def _helper(self, grown: PlanGrown) -> NetNode:
        name = grown.path.rpartition("/")[2]
        made = self.node(grown.node, grown.path, (), ready=True, name=name)
        return msgspec.structs.replace(made, asked=f"{grown.by.removeprefix('actor:')} asked for it: {grown.why}")

    def _of_steps(self, steps: Sequence[StepMoved], ready: bool) -> tuple[At, str]:
        """Where a node is, as its steps tell, and what is to be said of it."""
        for step in steps:
            if step.kind is StepKind.NODE and step.state is State.SUCCESS:
                return At.DONE, ""
            if step.kind is StepKind.NODE and step.state is State.FAILED:
                return At.FAILED, f"{step.failure.kind}: {step.failure.what}" if step.failure else ""
        waits = [_wait(step) for step in steps if step.waits and step.state not in FINAL]
        if self._live.over:
            return (At.STOPPED, "its plan is over") if steps else (At.NEVER, "")
        if waits:
            return At.PARKED, ", ".join(dict.fromkeys(waits))
        if steps and not self._live.at_work:
            return At.PARKED, self._live.waits
        return self._idle(ready), ""

    def _idle(self, ready: bool) -> At:
        if self._live.over:
            return At.NEVER
        return At.RUNNING if ready and self._live.at_work else At.WAITING

    def _around(self, here: NetNode, children: Sequence[NetNode]) -> NetNode:
        """A node with what is under it: its state is made of theirs."""
        began = min((each.began for each in children if each.began is not None), default=None)
        state = _of_all([each.state for each in children]) or here.state
        over = state not in (At.RUNNING, At.PARKED, At.WAITING)
        ended = max((each.ended for each in children if each.ended is not None), default=None) if over else None
        spent = sum(each.spent for each in children)
        return msgspec.structs.replace(
            here, state=state, began=began, ended=ended, spent=spent, children=tuple(children)
        )


def _all_above(path: str) -> Iterator[str]:
    while path := path.rpartition("/")[0]:
        yield path


def _of_all(states: Sequence[At]) -> At | None:
    """The state of what these are the parts of; None where it is its own."""
    for first in (At.RUNNING, At.PARKED, At.FAILED):
        if first in states:
            return first
    return next((each for each in (At.WAITING, At.STOPPED, At.NEVER) if states and set(states) == {each}), None) or (
        At.DONE if At.DONE in states and set(states) <= {At.DONE, At.STOPPED} else None
    )


def _stopped(node: NetNode) -> NetNode:
    """A branch that nobody waits for any more, and all of it that did not come to an end."""
    children = tuple(map(_stopped, node.children))
    if node.state in (At.DONE, At.FAILED):
        return msgspec.structs.replace(node, children=children)
    why = "another branch was enough"
    return msgspec.structs.replace(node, state=At.STOPPED, detail=why, ended=node.ended, children=children)


def _wait(step: StepMoved) -> str:
    return f"{step.waits} until {iso(step.due)}" if step.due is not None else step.waits
