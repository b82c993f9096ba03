"""A run begins: with its signals and its plan, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from platos.core.event import PlanMade, RunMoved, RunOpened
from platos.core.handoff import Artifact, HandOff, Work
from platos.core.instant import MINUTE
from platos.core.item import Item, ItemState
from platos.core.plan import Plan, Single
from platos.ports.actor import Context
from platos.ports.planner import Brief
from platos.store import items
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

SLOT = 15 * MINUTE


class Idle:
    """An actor that does nothing."""

    async def act(self, context: Context, work: Work) -> HandOff:
        return context.hand_off(Artifact(kind="report", title="Nothing", claims=(), by="idle"), scope=())


class Late:
    """A planner during whose first plan another signal comes; `briefs` are the items that it was told of each time."""

    def __init__(self) -> None:
        self.briefs: list[list[str]] = []
        self.workspace: SimulatedWorkspace | None = None

    async def plan(self, brief: Brief) -> Plan:
        self.briefs.append([extract.item for extract in brief.items])
        if self.workspace is not None and len(self.briefs) == 1:
            late = Item(id="late", text="An advisory.")
            given: dict[str, Any] = {"digest": late.digest(), "seen": 0, "state": ItemState.SIGNAL}
            await self.workspace.store.transact(lambda tx: items.add(tx, "watch", "inbox", late, **given))
        return Plan(root=Single(name="work", actor="idle"), why="it is all that there is", by="late")


def planned(simulate: Simulate, planner: Late) -> SimulatedWorkspace:
    parts = {("actor", "idle"): Idle(), ("planner", "late"): planner}
    return simulate(planner="late", tools=[], done_when=[], overlap="merge", parts=parts)


async def test_it_is_planned_again_where_other_signals_wait_than_it_was_planned_for(simulate: Simulate) -> None:
    planner = Late()
    planner.workspace = simulated = planned(simulate, planner)
    await simulated.drop("inbox/one.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
        [run] = await simulated.runs()
        found = await simulated.items("watch")
    assert planner.briefs == [["i1"], ["i1", "i2"]]
    assert [item.run for item in found[ItemState.SIGNAL]] == [run.id, run.id]


async def test_cut_off_at_any_write_there_is_no_run_without_its_signals_and_its_plan(
    simulate: Simulate, power_cut: Any, record_cases: Callable[[str, int], None]
) -> None:
    for number in range(1, 40):
        simulated = planned(simulate, Late())
        await simulated.drop("inbox/one.txt", "An advisory.")
        with power_cut(number) as cut:
            async with simulated.up():
                await simulated.live(SLOT)
        async with simulated.up() as engine:
            bound = [item.run for item in (await simulated.items("watch")).get(ItemState.SIGNAL, []) if item.run]
            told = await simulated.events("r1") if bound else []
            assert bound == [run.id for run in await simulated.runs()]
            assert [type(event) for event in told[:3]] == [RunOpened, PlanMade, RunMoved][: len(told)]
            await engine.rest()
            await simulated.live(SLOT)
            assert [run.outcome for run in await simulated.runs()] == ["done"]
        if cut.writes < number:
            record_cases("crashes", number)
            return
    raise AssertionError("the end was not reached")
