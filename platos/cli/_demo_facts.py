"""What the store says of the day: gathered here, told elsewhere."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import msgspec

from platos.cli._demo_workspace import SPECIALIST
from platos.cli._list_prices import Comparison, compare
from platos.config.workspace import Workspace
from platos.core.drawing import draw
from platos.core.event import StepMoved
from platos.core.handoff import Artifact, HandOff
from platos.core.instant import DAY, Instant
from platos.core.item import ItemState, StoredItem
from platos.core.money import Nano
from platos.core.plan import Plan, actors_in
from platos.core.step import StepKind
from platos.core.verdict import Decision, Verdict
from platos.runtime.asleep.made import decode_specialist
from platos.store import ReadStore, accounts, gates, items, journal, read_store, runs, specialists, steps, verdicts
from platos.store.gates import GateRow
from platos.store.runs import RunRow

__all__ = ["Arrived", "Day", "NodeWork", "RunStory", "Rung", "gather"]

_MOST = 100


class Arrived(NamedTuple):
    """An item, and every tier's verdict on it."""

    stored: StoredItem
    verdicts: list[tuple[str, Verdict, Instant]]

    @property
    def last(self) -> tuple[str, Verdict]:
        """The tier that decided, and what it said."""
        return self.verdicts[-1][:2]

    @property
    def is_signal(self) -> bool:
        """Did triage let it through?"""
        return self.stored.state is ItemState.SIGNAL


class Rung(NamedTuple):
    """What one tier of the ladder did with what it saw."""

    tier: str
    saw: int
    dismissed: int
    passed: int
    cost: Nano


class NodeWork(NamedTuple):
    """A node of the plan at work: its actor, the model calls it made, and what it made or waits for."""

    path: str
    actor: str
    calls: int
    made: Artifact | None
    waits: str


class RunStory(NamedTuple):
    """A run: the plan that it follows and why, its nodes, and what it is about."""

    row: RunRow
    shape: str
    why: str
    nodes: list[NodeWork]
    about: list[StoredItem]


class Day(NamedTuple):
    """The whole day."""

    root: Path
    wakes: int
    quiet: int
    arrived: list[Arrived]
    rungs: list[Rung]
    runs: list[RunStory]
    gates: list[GateRow]
    spent: Nano
    compared: list[Comparison]


async def gather(root: Path) -> Day:
    """The day of the workspace's specialist, from its store."""
    async with read_store(Workspace(root).state) as store:
        row = await specialists.find(store, SPECIALIST)
        found = await runs.latest(store, _MOST, SPECIALIST)
        arrived = [
            Arrived(each, await verdicts.of_item(store, each.number)) async for each in items.every(store, SPECIALIST)
        ]
        spent = await accounts.spend(store, (row.last_slot or 0) - DAY)
        definition = decode_specialist(await journal.get_payload(store, row.definition))
        return Day(
            root=root,
            wakes=row.wakes,
            quiet=row.quiet,
            arrived=arrived,
            rungs=[_rung(tier.name, arrived) for tier in definition.triage],
            runs=[await _story(store, each) for each in reversed(found)],
            gates=await gates.open_gates(store),
            spent=sum(each.charged for each in spent),
            compared=compare(
                spent,
                wakes=row.wakes,
                quiet=row.quiet,
                scope_chars=len(definition.scope),
                item_chars=sum(len(each.stored.item.full_text) for each in arrived),
            ),
        )


def _rung(tier: str, arrived: list[Arrived]) -> Rung:
    said = [verdict for each in arrived for name, verdict, _ in each.verdicts if name == tier]
    count = Counter(verdict.decision for verdict in said)
    return Rung(
        tier=tier,
        saw=len(said),
        dismissed=count[Decision.DISMISS],
        passed=count[Decision.SIGNAL],
        cost=sum(verdict.cost for verdict in said),
    )


async def _story(store: ReadStore, run: RunRow) -> RunStory:
    plan = runs.current_plan(await journal.events(store, run.name))
    assert plan is not None
    done = await steps.of_run(store, run.id)
    nodes = [await _node(store, plan, [s for s in done if s.path == path]) for path in _paths(done)]
    return RunStory(run, draw(plan), plan.why, nodes, await items.of_run(store, run.id))


def _paths(done: list[StepMoved]) -> list[str]:
    return list(dict.fromkeys(step.path for step in done))


async def _node(store: ReadStore, plan: Plan, of_node: list[StepMoved]) -> NodeWork:
    path = of_node[0].path
    actors = {single.name: single.actor for single in actors_in(plan)}
    ended = next((step for step in of_node if step.kind is StepKind.NODE), None)
    return NodeWork(
        path=path,
        actor=actors[path.rpartition("/")[2].partition("[")[0]],
        calls=sum(step.kind is StepKind.MODEL for step in of_node),
        made=await _made(store, ended) if ended else None,
        waits=next((step.waits for step in of_node if step.waits), ""),
    )


async def _made(store: ReadStore, ended: StepMoved) -> Artifact:
    """What a node handed on, from its checkpoint."""
    kept = await journal.get_payload(store, ended.payload) if ended.payload else bytes(ended.result)
    return msgspec.json.decode(kept, type=HandOff).artifact
