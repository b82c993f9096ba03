"""What was not verified does not pass for it: by no actor's word, and not to a node that acts on verified work only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from platos import Artifact, Context, HandOff, Status, Work
from platos.core.effect import EffectClass
from platos.core.event import RunMoved
from platos.core.instant import HOUR
from platos.core.plan import Loop, Node, Sequence, Single
from platos.core.state import Outcome, State
from platos.testing.workspace import SimulatedWorkspace
from tests.runtime.nets import drop, net

Simulate = Callable[..., SimulatedWorkspace]


class Saying:
    """Says of its work that it stands so."""

    def __init__(self, status: Status, kind: str = "report") -> None:
        self.status, self.kind = status, kind

    async def act(self, context: Context, work: Work) -> HandOff:
        made = Artifact(kind=self.kind, title=f"It is {self.status}", claims=(), by="test")
        return context.hand_off(made, scope=(), status=self.status)


ACTORS = {
    "boasting": Saying(Status.VERIFIED),
    "drafting": Saying(Status.UNVERIFIED),
    "accepting": Saying(Status.VERIFIED, "review"),
    "refusing": Saying(Status.REJECTED, "review"),
}
SEND = Single(name="send", actor="acting", tools=("machine",), verified=True)


async def lived(simulate: Simulate, machine: Any, *nodes: Node) -> RunMoved:
    simulated = net(simulate, Sequence(name="all", nodes=nodes), machine)
    simulated._parts |= {("actor", name): actor for name, actor in ACTORS.items()}
    await drop(simulated, 1)
    async with simulated.up():
        await simulated.live(HOUR)
        return [event for event in await simulated.events("r1") if isinstance(event, RunMoved)][-1]


def until(actor: str, body: str = "drafting") -> Loop:
    return Loop(name="until", body=Single(name="draft", actor=body), until=Single(name="judge", actor=actor), rounds=1)


async def test_a_node_that_acts_on_verified_work_only_acts_on_what_a_critic_accepted(
    simulate: Simulate, make_machine: Any
) -> None:
    machine = make_machine(EffectClass.ONCE)
    moved = await lived(simulate, machine, until("accepting"), SEND)
    assert moved.outcome is Outcome.DONE
    assert len(machine.calls) == 1


async def test_and_on_what_was_made_of_accepted_work_alone(simulate: Simulate, make_machine: Any) -> None:
    machine = make_machine(EffectClass.ONCE)
    moved = await lived(simulate, machine, until("accepting"), Single(name="merge", actor="boasting"), SEND)
    assert moved.outcome is Outcome.DONE
    assert len(machine.calls) == 1


async def test_it_does_not_act_on_what_nobody_has_judged(simulate: Simulate, make_machine: Any) -> None:
    machine = make_machine(EffectClass.ONCE)
    moved = await lived(simulate, machine, Single(name="draft", actor="drafting"), SEND)
    assert moved.new is State.FAILED
    assert "it acts only on what a critic has accepted, and was given unverified" in moved.why
    assert not machine.calls


async def test_it_does_not_act_on_what_its_maker_calls_verified(simulate: Simulate, make_machine: Any) -> None:
    machine = make_machine(EffectClass.ONCE)
    moved = await lived(simulate, machine, Single(name="draft", actor="boasting"), SEND)
    assert moved.new is State.FAILED
    assert not machine.calls


async def test_it_does_not_act_on_what_its_critic_rejected_to_the_last(simulate: Simulate, make_machine: Any) -> None:
    machine = make_machine(EffectClass.ONCE)
    moved = await lived(simulate, machine, until("refusing", "boasting"), SEND)
    assert moved.new is State.FAILED
    assert "rejected" in moved.why
    assert not machine.calls
