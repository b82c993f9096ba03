"""Whatever changes between approval and dispatch, nothing else than what was approved is dispatched."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count, permutations
from pathlib import Path
from typing import Any

import anyio
import msgspec
import pytest

from platos import Artifact, Brief, Context, FanOut, HandOff, Plan, Single, Work
from platos.core.approval import GateState, Request
from platos.core.effect import EffectClass
from platos.core.instant import DAY, HOUR, MINUTE
from platos.core.policy import RiskTier
from platos.core.state import State
from platos.errors import BadReasoning, InvalidTransition, PermissionDenied
from platos.runtime.effects import call as calling
from platos.runtime.effects.ledger import claim_or_ask
from platos.store import effects, gates
from platos.testing.workspace import SimulatedWorkspace
from tests.simulation.living import a_place

Simulate = Callable[..., SimulatedWorkspace]

GATED = {"tools": ["machine"], "policy": {"machine": 2}, "done_when": []}
ASKED = Request(
    tool="machine",
    contract="c1",
    arguments={"name": "a"},
    preconditions={"folder": "writable"},
    rule="policy: machine has risk tier 2",
    tier=RiskTier.EXPLICIT,
    expires=DAY,
    why="it is due",
    evidence=("i1",),
)
BOUND = {
    "tool": "engine",
    "contract": "c2",
    "arguments": {"name": "b"},
    "preconditions": {"folder": "gone"},
    "rule": "default",
    "tier": RiskTier.BATCHED,
    "expires": 2 * DAY,
}
INFORMS = {"why": "because", "evidence": ("i2",), "preview": "+ a line"}


@pytest.fixture
def make_folder() -> Iterator[Callable[[], Path]]:
    """As everywhere here, but in memory: there are many."""
    with a_place() as place:
        numbers = count()

        def make() -> Path:
            folder = place / str(next(numbers))
            (folder / "inbox").mkdir(parents=True)
            return folder

        yield make


def test_an_approval_is_bound_to_every_field_but_those_that_only_inform() -> None:
    assert {*BOUND, *INFORMS} == {field.name for field in msgspec.structs.fields(Request)}
    changed = [msgspec.structs.replace(ASKED, **{name: value}).digest for name, value in BOUND.items()]
    assert len({ASKED.digest, *changed}) == len(BOUND) + 1
    assert {msgspec.structs.replace(ASKED, **{name: each}).digest for name, each in INFORMS.items()} == {ASKED.digest}


def louder(act: Any) -> Any:
    return act._replace(contract=msgspec.structs.replace(act.contract, version="2"))


def elsewhere(act: Any) -> Any:
    return act._replace(preconditions={"folder": "another"})


def by_another_rule(act: Any) -> Any:
    return act._replace(permission=msgspec.structs.replace(act.permission, rule="another"))


def in_a_batch(act: Any) -> Any:
    return act._replace(permission=msgspec.structs.replace(act.permission, tier=RiskTier.BATCHED))


@pytest.mark.parametrize("change", [louder, elsewhere, by_another_rule, in_a_batch])
async def test_where_one_thing_changed_after_the_approval_it_is_asked_again(
    simulate: Simulate, make_machine: Any, monkeypatch: pytest.MonkeyPatch, change: Callable[[Any], Any]
) -> None:
    machine = make_machine(EffectClass.ONCE)
    simulated = simulate(**GATED, parts={("tool", "machine"): machine})
    await simulated.drop("inbox/note.txt", "An advisory.")
    claim = claim_or_ask
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [gate] = await simulated.open_gates()
        monkeypatch.setattr(calling, "claim_or_ask", lambda tx, act, *rest: claim(tx, change(act), *rest))
        await simulated.approve(gate)
        [again] = await simulated.open_gates()
        assert machine.calls == []
        assert again.request.digest != gate.request.digest
        await simulated.approve(again)
    assert len(machine.calls) == 1


async def test_an_approval_whose_time_is_over_at_dispatch_is_asked_again(simulate: Simulate, make_machine: Any) -> None:
    machine = make_machine(EffectClass.ONCE)
    simulated = simulate(**GATED, approval_expires="1h", parts={("tool", "machine"): machine})
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [gate] = await simulated.open_gates()
        await simulated.engine.decide(gate.id, GateState.APPROVED, by="person:test")
    simulated.clock.suspend(2 * HOUR)
    async with simulated.up() as engine:
        await engine.rest()
        [again] = await simulated.open_gates()
    assert again.request.expires > gate.request.expires
    assert machine.calls == []


class Saying:
    """Has a thing named, in other words each time; `lost` times it finds then that it goes wrong.

    Who spoke first is the last to come back when it was waited for.
    """

    def __init__(self, lost: int) -> None:
        self.lost, self.said, self.lives = lost, 0, Counter[str]()

    async def act(self, context: Context, work: Work) -> HandOff:
        lost = await context.step("lost", self._lose, returns=bool)
        words = await context.step("words", self._say, returns=str)
        self.lives[words] += 1
        if words == "words 1" and self.lives[words] > 1:
            await anyio.sleep(0.02)
        await context.call_tool("machine", {"name": "a", "text": words}, why="it is due")
        if lost:
            raise BadReasoning("it goes round in circles")
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by=context.signature), scope=())

    def _lose(self) -> bool:
        self.lost -= 1
        return self.lost >= 0

    def _say(self) -> str:
        self.said += 1
        return f"words {self.said}"


@pytest.mark.parametrize(("once_per", "asked"), [(("name",), 1), ((), 2)], ids=["the same act", "another act"])
async def test_what_a_person_was_shown_is_what_is_sent_in_whatever_words_it_is_asked_for_again(
    simulate: Simulate, make_machine: Any, one_node: Any, once_per: tuple[str, ...], asked: int
) -> None:
    """The work is planned again once it was done, and asks for it in other words."""
    machine = type("Named", (make_machine,), {"once_per": once_per})(EffectClass.ONCE)
    parts = {
        ("tool", "machine"): machine,
        ("actor", "saying"): Saying(1),
        ("planner", "one"): one_node("saying", ("machine",)),
    }
    simulated = simulate(**GATED, planner="one", parts=parts)
    await simulated.drop("inbox/note.txt", "An advisory.")
    shown = []
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        while open_now := await simulated.open_gates():
            shown.append(open_now[0].request.arguments["text"])
            await simulated.approve(open_now[0])
        sent = [msgspec.json.decode(body)["text"] for _, body in machine.calls]
    assert len(shown) == asked
    assert sent == shown


class Each:
    """A planner that gives each item to an actor of its own."""

    def __init__(self, actor: str) -> None:
        self.actor = actor

    async def plan(self, brief: Brief) -> Plan:
        body = Single(name="work", actor=self.actor, tools=("machine",))
        return Plan(root=FanOut(name="each", body=body), why="they are many", by="each")


async def shown_and_sent(simulate: Simulate, make_machine: Any) -> tuple[list[str], list[str]]:
    """The words of one act that three branches ask for in their own: what people were shown, and what was sent."""
    machine = type("Named", (make_machine,), {"once_per": ("name",)})(EffectClass.ONCE)
    parts = {("tool", "machine"): machine, ("actor", "saying"): Saying(0), ("planner", "each"): Each("saying")}
    simulated = simulate(**GATED, planner="each", parts=parts)
    for number in range(3):
        await simulated.drop(f"inbox/n{number}.txt", f"Advisory {number}.")
    shown = []
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        while open_now := await simulated.open_gates():
            shown.append(open_now[0].request.arguments["text"])
            await simulated.approve(open_now[0])
    return shown, [msgspec.json.decode(body)["text"] for _, body in machine.calls]


async def test_an_act_that_several_branches_ask_for_is_shown_once_and_sent_as_it_was_shown(
    simulate: Simulate, make_machine: Any
) -> None:
    shown, sent = await shown_and_sent(simulate, make_machine)
    assert (len(shown), shown) == (1, sent)


async def test_where_nobody_looks_the_words_up_the_ledger_shows_those_that_are_sent_all_the_same(
    simulate: Simulate, make_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def as_asked(life: Any, call: Any) -> Any:
        return call

    monkeypatch.setattr(calling, "_as_intended", as_asked)
    shown, sent = await shown_and_sent(simulate, make_machine)
    assert shown == sent


class Errand:
    """Each branch does what its item names; an answer of no ends its own branch."""

    async def act(self, context: Context, work: Work) -> HandOff:
        name = work.items[0].item
        try:
            receipt = await context.call_tool("machine", {"name": name, "text": "text"}, why="it is due")
            title = receipt.data["key"]
        except PermissionDenied:
            title = "denied"
        made = Artifact(kind=name, title=title, claims=(), by=context.signature)
        return context.hand_off(made, scope=(name,))


ORDERS = list(permutations(range(5)))
SLICE, EVERY = 10, 500


async def answer_in_some_order(make: Callable[[], SimulatedWorkspace], machine: Any, seed: int) -> None:
    """Five branches ask at once; answers come in an order, repeated, and with other processes and new code between."""
    chance = random.Random(seed)
    order = ORDERS[seed % len(ORDERS)]
    says = [GateState.APPROVED if chance.random() < 0.6 else GateState.DENIED for _ in order]
    simulated = make()
    for number in order:
        await simulated.drop(f"inbox/n{number}.txt", f"Advisory {number}.")
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        asked = await simulated.open_gates()
    assert len(asked) == len(order)
    while order:
        some, order = order[: (several := chance.randint(1, 3))], order[several:]
        simulated._parts["tool", "machine"] = _with_new_code(machine)
        async with simulated.up() as engine:
            for place in some:
                await engine.decide(asked[place].id, says[place], by="person:test")
                with pytest.raises(InvalidTransition):
                    await engine.decide(asked[place].id, chance.choice(list(says)), by="person:late")
                if chance.random() < 0.5:
                    await engine.rest()
    async with simulated.up() as engine:
        await engine.rest()
        assert await simulated.open_gates() == []
        wanted = {gate.request.arguments["name"] for gate, said in zip(asked, says, strict=True) if said == "approved"}
        rows = {row.key: row for row in await effects.of_run(simulated.store, 1)}
        [run] = await simulated.runs()
    assert run.state is State.SUCCESS
    assert len(rows) == len(asked), "something was asked again"
    done = [msgspec.json.decode(body)["name"] for _, body in machine.calls]
    assert sorted(done) == sorted(wanted), f"seed {seed}: {done}, and {wanted} were approved"


def _with_new_code(machine: Any) -> Any:
    """The same tool after a deploy: other code, in another class, and the same world."""
    rewritten = type("Rewritten", (type(machine),), {"__doc__": "Other code."})(machine.effect)
    rewritten.__dict__.update(machine.__dict__)
    return rewritten


async def answers(simulate: Simulate, make_machine: Any, seeds: range) -> None:
    for seed in seeds:
        machine = make_machine(EffectClass.ONCE)
        parts = {("tool", "machine"): machine, ("actor", "errand"): Errand(), ("planner", "each"): Each("errand")}

        def make(parts: Any = parts) -> SimulatedWorkspace:
            return simulate(**GATED, planner="each", parts=parts)

        await answer_in_some_order(make, machine, seed)


async def test_answers_to_parallel_gates_reach_who_asked_in_any_order(
    simulate: Simulate, make_machine: Any, record_cases: Callable[[str, int], None]
) -> None:
    await answers(simulate, make_machine, range(SLICE))
    record_cases("orders of answers", SLICE)


@pytest.mark.exhaustive
@pytest.mark.timeout(600)
@pytest.mark.parametrize("share", range(10))
async def test_answers_to_parallel_gates_reach_who_asked_in_five_hundred_orders(
    simulate: Simulate, make_machine: Any, record_cases: Callable[[str, int], None], share: int
) -> None:
    seeds = range(share, EVERY, 10)
    await answers(simulate, make_machine, seeds)
    record_cases("orders of answers", len(seeds))


async def test_an_answer_that_reaches_another_branch_is_caught(
    simulate: Simulate, make_machine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: an act heeds the answer to its neighbour's gate, once there is one."""
    of_effect = gates.of_effect

    def neighbours(tx: Any, effect: str) -> gates.GateRow | None:
        found = of_effect(tx, effect)
        if found is None or found.state is GateState.OPEN:
            return found
        said = gates.get(tx, found.id % 5 + 1).state
        return (
            found
            if said is GateState.OPEN
            else found._replace(state=said if said is GateState.DENIED else GateState.USED)
        )

    monkeypatch.setattr(gates, "of_effect", neighbours)
    with pytest.raises(AssertionError, match="were approved"):
        await answers(simulate, make_machine, range(SLICE))
