"""Runs of the real engine on tasks: what shape was chosen, what it cost, how long it took, and was the task solved."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from platos.core.event import AnyEvent, PlanMade, StepMoved
from platos.core.instant import Span
from platos.core.item import StoredItem
from platos.core.plan import FanOut, Loop, Node, Single
from platos.core.plan import Sequence as InOrder
from platos.core.state import State
from platos.core.step import StepKind
from platos.core.verdict import Decision, Verdict
from platos.ports.model import ModelReply
from platos.ports.tier import Bench
from platos.runtime.result import artifacts_of
from platos.store import ReadStore, steps
from platos.testing.workspace import SimulatedWorkspace

from .shaped import FIXED, Always
from .solver import Solver, latency
from .tasks import Task, check

__all__ = ["PLANNERS", "Played", "play", "shape_of"]

PLANNERS = ("rules", *FIXED)

_SPECIALIST = """---
owner: bench
planner: {planner}
sources: [{{directory: {{path: inbox}}}}]
schedule: "0 8 * * *"
triage: [as-sure]
models: {{small: solver, frontier: solver}}
budget: {{day: 100 USD, run: 100 USD, item: 100 USD}}
done_when: [cited]
---

Report what each of these says of fees, periods, limits, charges, credits, windows and terms.
"""
_SETTINGS = '[budget]\nday = "100 USD"\n'


class Played(NamedTuple):
    """What a planner's run of a task came to. `cost` is in nano-dollars, `latency` in microseconds: the models' time on
    the critical path, where branches overlap. `of` facts there were, and `found` were claimed."""

    kind: str
    seed: int
    planner: str
    shape: str
    calls: int
    tokens: int
    cost: int
    latency: Span
    found: int
    of: int
    solved: bool
    ended: str


class _AsSure:
    """A tier that lets everything through, as sure as the task says."""

    def __init__(self, confidence: dict[str, float]) -> None:
        self._confidence = confidence

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        sure = [self._confidence[item.item.id] for item in items]
        return [Verdict(decision=Decision.SIGNAL, reason="it is work", confidence=each) for each in sure]


async def play(task: Task, planner: str) -> Played:
    """Live through a task in a workspace of its own. Raises AssertionError where the run did not come to its end."""
    solver = Solver(task.seed)
    parts: dict[Any, Any] = {("model", "solver"): solver, ("tier", "as-sure"): _AsSure(task.confidence)}
    if planner in FIXED:
        parts["planner", planner] = Always(planner)
    with tempfile.TemporaryDirectory(prefix="p-") as folder:
        (Path(folder) / "inbox").mkdir()
        text = _SPECIALIST.format(planner=planner)
        simulated = SimulatedWorkspace(Path(folder), {"bench": text}, parts=parts, settings=_SETTINGS)
        async with simulated.up() as engine:
            await engine.wake("bench", task.items, by="person:bench")
            await engine.rest()
            [run] = await simulated.runs()
            told = await simulated.events(run.name)
            taken = [each for found in (await simulated.items("bench")).values() for each in found]
            score = check(task, await artifacts_of(simulated.store, told), {each.name: each.item.id for each in taken})
            assert run.state in (State.SUCCESS, State.FAILED), f"{task.kind} {task.seed}, {planner}: {run.why}"
            return Played(
                task.kind,
                task.seed,
                planner,
                shape_of(told),
                len(solver.calls),
                sum(usage.total for usage in solver.calls),
                solver.cost,
                await _critical(simulated.store, told),
                score.found,
                score.of,
                score.solved and run.state is State.SUCCESS,
                str(run.outcome or run.state),
            )


def shape_of(told: Iterable[AnyEvent]) -> str:
    """The shape of the first plan, in words: `each(read) merge`."""
    return next((_shape(event.plan.root) for event in told if isinstance(event, PlanMade)), "none")


def _shape(node: Node) -> str:
    match node:
        case Single():
            return node.actor
        case InOrder():
            return ", ".join(map(_shape, node.nodes))
        case FanOut():
            return f"each({_shape(node.body)})" if node.body else f"beside({', '.join(map(_shape, node.branches))})"
        case Loop():
            return f"until accepted({_shape(node.body)})"
        case _:
            return node.name


async def _critical(store: ReadStore, told: Iterable[AnyEvent]) -> Span:
    """The longest chain of model calls that had to wait for each other, over all plans."""
    root = _Branch()
    for event in told:
        if isinstance(event, StepMoved) and event.kind is StepKind.MODEL and event.state is State.SUCCESS:
            reply = msgspec.json.decode(await steps.result(store, event), type=ModelReply)
            root.add(
                [f"{event.revision}", *re.findall(r"\[[^\]\d][^\]]*\]|[^/\[\]]+", event.path)], latency(reply.usage)
            )
    return root.span()


class _Branch:
    """A node of a live plan: its own model calls, and what is under it. What is under an item's key overlaps with the
    other items', all else is one after the other."""

    def __init__(self) -> None:
        self._own: Span = 0
        self._under: dict[str, _Branch] = {}

    def add(self, path: Sequence[str], span: Span) -> None:
        if path:
            self._under.setdefault(path[0], _Branch()).add(path[1:], span)
        else:
            self._own += span

    def span(self) -> Span:
        beside = [under.span() for name, under in self._under.items() if name.startswith("[")]
        after = [under.span() for name, under in self._under.items() if not name.startswith("[")]
        return self._own + sum(after) + max(beside, default=0)
