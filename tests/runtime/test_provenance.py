"""Text from outside is never anything else, and where it meets what is private and a way out, a person is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import msgspec
import pytest

from platos import Artifact, Context, HandOff, Provenance, Work
from platos.core.effect import EffectClass, Receipt
from platos.core.event import RunMoved, StepMoved
from platos.core.handoff import HandOff as Handed
from platos.core.instant import HOUR
from platos.core.plan import FanOut, Loop, Node, Sequence, Single
from platos.core.state import Outcome, State
from platos.core.step import StepKind
from platos.store import steps
from platos.testing.workspace import SimulatedWorkspace
from tests.runtime.nets import Planned, cast, drop

Simulate = Callable[..., SimulatedWorkspace]


class Seeing:
    """Reads its items, asks for facts, or calls tools, as its name in the plan says; hides what it saw."""

    async def act(self, context: Context, work: Work) -> HandOff:
        for tool in context.tools:
            await context.call_tool(tool, {"name": "report", "text": "x"}, why="it is due")
        made = Artifact(kind="report", title="Nothing to see", claims=(), by="test")
        return context.hand_off(made, scope=())


class Reading(Seeing):
    async def act(self, context: Context, work: Work) -> HandOff:
        for each in work.items:
            await context.read(each.item)
        return await super().act(context, work)


class Knowing(Seeing):
    async def act(self, context: Context, work: Work) -> HandOff:
        await context.facts("advisory vendors")
        return await super().act(context, work)


class Helped(Seeing):
    async def act(self, context: Context, work: Work) -> HandOff:
        await context.ask("reading", work)
        return await super().act(context, work)


def workspace(simulate: Simulate, root: Node, machine: Any, **changes: Any) -> SimulatedWorkspace:
    actors = {"seeing": Seeing, "reading": Reading, "knowing": Knowing, "helped": Helped}
    parts: dict[Any, Any] = {
        ("planner", "planned"): Planned(root),
        ("tool", "machine"): machine,
        **cast(),
        **{("actor", name): kind() for name, kind in actors.items()},
    }
    fixed = {"planner": "planned", "tools": ["machine"], "policy": {"machine": 0}, "done_when": []}
    return simulate(**{**fixed, **changes}, parts=parts)


Carried = dict[str, tuple[Provenance, ...]]


async def lived(simulated: SimulatedWorkspace, *, note: bool = False) -> tuple[RunMoved, Carried]:
    """Where the run went, and the provenance of what each node handed over."""
    await drop(simulated, 1)
    if note:
        await simulated.drop("notes/vendors.md", "# Vendors\n\nAn advisory of theirs is for the vendors list only.")
    async with simulated.up():
        await simulated.live(HOUR)
        events = await simulated.events("r1")
        nodes = [e for e in events if isinstance(e, StepMoved) and e.kind is StepKind.NODE and e.state is State.SUCCESS]

        carried = {
            e.path: msgspec.json.decode(await steps.result(simulated.store, e), type=Handed).provenance for e in nodes
        }
    return [event for event in events if isinstance(event, RunMoved)][-1], carried


def node(actor: str, name: str = "", *tools: str) -> Single:
    return Single(name=name or actor, actor=actor, tools=tools)


def in_order(*nodes: Node) -> Sequence:
    return Sequence(name="all", nodes=nodes)


async def test_what_read_an_item_tells_so_whatever_it_says(simulate: Simulate, make_machine: Any) -> None:
    simulated = workspace(simulate, in_order(node("seeing"), node("reading")), make_machine(EffectClass.ONCE))
    _, carried = await lived(simulated)
    assert carried == {"all/seeing": (), "all/reading": (Provenance.OUTSIDE,)}


@pytest.mark.parametrize(
    "root",
    [
        in_order(node("reading"), node("seeing", "last")),
        in_order(FanOut(name="each", body=node("reading")), node("seeing", "middle"), node("seeing", "last")),
        in_order(node("helped"), node("seeing", "last")),
        Loop(name="until", body=node("seeing", "last"), until=node("reading", "judge"), rounds=2),
    ],
    ids=["handed on", "through a fan-out and a node between", "through a helper", "through a critic's remarks"],
)
async def test_provenance_rides_on_everything_that_is_made_of_it(
    simulate: Simulate, make_machine: Any, root: Node
) -> None:
    _, carried = await lived(workspace(simulate, root, make_machine(EffectClass.ONCE)))
    last = [value for path, value in carried.items() if path.endswith("last")][-1]
    assert last == (Provenance.OUTSIDE,)


async def test_two_of_the_three_ask_nobody(simulate: Simulate, make_machine: Any) -> None:
    machine = make_machine(EffectClass.ONCE)
    root = in_order(node("reading"), node("seeing", "send", "machine"))
    moved, _ = await lived(workspace(simulate, root, machine))
    assert moved.outcome is Outcome.DONE
    assert len(machine.calls) == 1


async def test_where_all_three_meet_a_person_is_asked_although_policy_says_nobody(
    simulate: Simulate, make_machine: Any
) -> None:
    machine = make_machine(EffectClass.ONCE)
    simulated = workspace(simulate, in_order(node("reading"), node("knowing", "send", "machine")), machine)
    moved, _ = await lived(simulated, note=True)
    assert moved.new is State.NEEDS_REVIEW
    assert not machine.calls
    async with simulated.up():
        [gate] = await simulated.open_gates()
        assert gate.request.rule == "provenance: text from outside, what is private and a way out meet in this node"
        await simulated.approve(gate)
        [row] = await simulated.runs()
        assert row.outcome is Outcome.DONE
    assert len(machine.calls) == 1


async def test_a_tool_that_stays_in_the_workspace_asks_nobody(simulate: Simulate, make_machine: Any) -> None:
    class Inside(make_machine):  # type: ignore[misc]
        outward: ClassVar[bool] = False

    machine = Inside(EffectClass.ONCE)
    root = in_order(node("reading"), node("knowing", "keep", "machine"))
    moved, _ = await lived(workspace(simulate, root, machine), note=True)
    assert moved.outcome is Outcome.DONE


async def test_a_question_that_leads_out_is_asked_for_too(simulate: Simulate, make_machine: Any) -> None:
    """An address can carry as much as a letter."""

    class Leading(make_machine):  # type: ignore[misc]
        outward: ClassVar[bool] = True

        async def call(self, arguments: Any, key: str) -> Receipt:
            return Receipt(summary="read")

    root = in_order(node("reading"), node("knowing", "look", "machine"))
    moved, _ = await lived(workspace(simulate, root, Leading(EffectClass.READ)), note=True)
    assert moved.new is State.NEEDS_REVIEW


async def test_what_a_private_tool_answers_is_private_from_then_on(simulate: Simulate, make_machine: Any) -> None:
    class Private(make_machine):  # type: ignore[misc]
        provenance: ClassVar[frozenset[Provenance]] = frozenset(Provenance)

    root = in_order(node("seeing", "ask", "machine"), node("seeing", "last"))
    _, carried = await lived(workspace(simulate, root, Private(EffectClass.READ)))
    assert carried["all/last"] == (Provenance.OUTSIDE, Provenance.PRIVATE)
