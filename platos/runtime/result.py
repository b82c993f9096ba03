"""The result of a run that has ended, as its chain tells: what the last nodes of its plan handed over."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import msgspec

from platos.core.event import AnyEvent, PlanMade, StepMoved
from platos.core.handoff import Artifact, HandOff
from platos.core.plan import FanOut, Loop, Node, Single
from platos.core.plan import Sequence as InOrder
from platos.core.state import State
from platos.core.step import StepKind
from platos.store import ReadStore, steps

__all__ = ["artifacts_of", "hand_offs_of"]


async def artifacts_of(store: ReadStore, told: Sequence[AnyEvent]) -> list[Artifact]:
    """What the run's last plan came to, without what the runtime wrote on it. Raises StoreCorrupt."""
    return [hand_off.artifact for hand_off in await hand_offs_of(store, told)]


async def hand_offs_of(store: ReadStore, told: Sequence[AnyEvent]) -> list[HandOff]:
    """What the run's last plan came to, in the order in which it was made; of a loop, its last round. Raises
    StoreCorrupt."""
    made = next((event for event in reversed(told) if isinstance(event, PlanMade)), None)
    if made is None:
        return []
    at_the_end = re.compile(_ends(made.plan.root))
    last: dict[tuple[str, ...], StepMoved] = {}
    left_out = await _left_out(store, told, made.revision)
    for event in told:
        if isinstance(event, StepMoved) and event.kind is StepKind.NODE and event.state is State.SUCCESS:
            found = at_the_end.fullmatch(event.path)
            if found and event.revision == made.revision and not left_out(event.path):
                last[found.groups()] = event
    return [msgspec.json.decode(await steps.result(store, step), type=HandOff) for step in last.values()]


async def _left_out(store: ReadStore, told: Sequence[AnyEvent], revision: int) -> Callable[[str], bool]:
    """Of an instance path: does it lie in a branch that its join did not go on with?"""
    went_on: dict[str, list[str]] = {}
    for event in told:
        if isinstance(event, StepMoved) and event.kind is StepKind.JOIN and event.revision == revision:
            went_on[event.path] = msgspec.json.decode(await steps.result(store, event), type=list[str])

    def left_out(path: str) -> bool:
        within = [above for above in went_on if path.startswith((f"{above}[", f"{above}/"))]
        return any(re.split(r"[\[\]/~]", path[len(above) + 1 :])[0] not in went_on[above] for above in within)

    return left_out


def _ends(node: Node) -> str:
    """A pattern of the instance paths whose hand-offs are the node's own: each branch is a group, and a round none."""
    name = re.escape(node.name)
    match node:
        case Single():
            return rf"{name}(?:~\d+)?"
        case InOrder():
            return f"{name}/{_ends(node.nodes[-1])}"
        case FanOut(body=None):
            return rf"{name}/(?:{'|'.join(f'({_ends(branch)})' for branch in node.branches)})"
        case FanOut(body=body):
            return rf"{name}\[([^\[\]]+)\]/{_ends(body) if body is not None else ''}"
        case Loop():
            return rf"{name}\[\d+\]/{_ends(node.body)}"
