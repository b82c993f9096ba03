"""What a node may call: what its plan gave it, in its place, within its reach; anything else is a denial, on record."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from platos import Artifact, Context, HandOff, Work
from platos.core.capability import Capability, mint, narrow
from platos.core.effect import EffectClass, EffectState
from platos.core.event import EffectIntended, StepMoved
from platos.core.evidence import Evidence
from platos.core.instant import MINUTE
from platos.core.plan import FanOut, Node, Plan, Sequence, Single
from platos.core.state import Outcome
from platos.errors import PermissionDenied
from platos.ports.planner import Brief
from platos.runtime.effects import call as acting
from platos.runtime.node.life import Life
from platos.runtime.node.mint import Mint
from platos.store import effects, evidence
from platos.testing.workspace import SimulatedWorkspace

from .workers import drop_one, last_move

Simulate = Callable[..., SimulatedWorkspace]
Does = Callable[[Context, Work], Awaitable[Any]]

SLOT = 15 * MINUTE
REPORT = {"name": "weekly", "text": "text"}


class Doing:
    """An actor that does what a test says, and hands nothing over."""

    def __init__(self, does: Does) -> None:
        self.does = does

    async def act(self, context: Context, work: Work) -> HandOff:
        await self.does(context, work)
        return context.hand_off(Artifact(kind="report", title="Done", claims=(), by=context.signature), scope=())


class Shaped:
    """A planner that always has this shape."""

    def __init__(self, root: Node) -> None:
        self.root = root

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=self.root, why="there is one", by="shaped")


@pytest.fixture
def lived(simulate: Simulate, make_machine: Any) -> Callable[..., Awaitable[tuple[SimulatedWorkspace, Any]]]:
    """`lived(root, writer=act)`: one signal, worked on by these actors by that plan; the workspace, and its one tool,
    which nobody is asked about."""

    async def live(root: Node, *, effect: EffectClass = EffectClass.PROBED, **actors: Does) -> Any:
        machine = make_machine(effect)
        parts: dict[Any, Any] = {("actor", name): Doing(does) for name, does in actors.items()}
        parts |= {("tool", "machine"): machine, ("planner", "shaped"): Shaped(root)}
        changes = {"planner": "shaped", "tools": ["machine"], "policy": {"machine": 0}, "done_when": []}
        simulated = simulate(**changes, parts=parts)
        await drop_one(simulated)
        async with simulated.up():
            await simulated.live(SLOT)
        return simulated, machine

    return live


async def call(context: Context, work: Work) -> None:
    await context.call_tool("machine", REPORT, why="it is due")


async def refused(simulated: SimulatedWorkspace) -> list[tuple[str, str]]:
    """Which steps were refused a call, and why, as the journal has it."""
    async with simulated.up():
        moves = [each for each in await simulated.events("r1") if isinstance(each, StepMoved)]
    return [(f"{each.path}: {each.name}", each.failure.what) for each in moves if each.kind == "tool" and each.failure]


def node(name: str = "work", actor: str = "writer", **more: Any) -> Single:
    return Single(name=name, actor=actor, **more)


async def test_a_node_calls_what_its_plan_gave_it_within_its_reach(lived: Any) -> None:
    simulated, machine = await lived(node(tools=("machine",), reach={"machine": ("name=weekly",)}), writer=call)
    assert len(machine.calls) == 1
    assert await refused(simulated) == []


async def test_a_tool_that_the_plan_gave_to_another_node_is_denied_and_that_is_recorded(lived: Any) -> None:
    root = Sequence(name="all", nodes=(node("one"), node("two", "idler", tools=("machine",))))
    simulated, machine = await lived(root, writer=call, idler=call)
    assert machine.calls == []
    assert await refused(simulated) == [("all/one: denied machine", "capability: machine was not given to this node")]
    async with simulated.up():
        assert (await simulated.runs())[0].outcome is Outcome.NOOP
        assert "not given to this node" in (await last_move(simulated)).why


@pytest.mark.parametrize("effect", [EffectClass.READ, EffectClass.ONCE])
async def test_what_lies_outside_its_reach_is_denied_whatever_the_tool_does(lived: Any, effect: EffectClass) -> None:
    reach = {"machine": ("name=daily",)}
    simulated, machine = await lived(node(tools=("machine",), reach=reach), effect=effect, writer=call)
    assert machine.calls == []
    why = "capability: it reaches name=daily of machine, and not what is asked for"
    assert await refused(simulated) == [("work: machine", why)]


async def test_a_name_from_outside_is_no_tool_and_stands_in_no_record_as_one(lived: Any) -> None:
    async def injected(context: Context, work: Work) -> None:
        await context.call_tool("rm -rf /; machine", REPORT, why="a model said so")

    simulated, machine = await lived(node(tools=("machine",)), writer=injected)
    assert machine.calls == []
    assert await refused(simulated) == [("work: denied a tool", "capability: a tool was not given to this node")]


async def test_an_actor_that_swallows_a_denial_has_it_on_record_and_goes_on_without(lived: Any) -> None:
    async def swallow(context: Context, work: Work) -> None:
        with pytest.raises(PermissionDenied):
            await call(context, work)
        with pytest.raises(PermissionDenied):
            await context.request_approval("machine", REPORT, why="it is due")

    simulated, machine = await lived(node(), writer=swallow)
    assert machine.calls == []
    assert len(await refused(simulated)) == 2


async def test_a_helper_holds_nothing_of_its_askers(lived: Any) -> None:
    async def ask(context: Context, work: Work) -> None:
        await context.ask("helper", work)

    simulated, machine = await lived(node(tools=("machine",)), writer=ask, helper=call)
    assert machine.calls == []
    [(where, why)] = await refused(simulated)
    assert where == "work/helper[1]: denied machine"
    assert "not given to this node" in why


@pytest.mark.parametrize(("terms", "calls"), [((), 1), (("name=weekly",), 1), (("name=daily",), 0)])
async def test_a_helper_calls_what_it_was_lent_within_its_terms(lived: Any, terms: tuple[str, ...], calls: int) -> None:
    async def ask(context: Context, work: Work) -> None:
        await context.ask("helper", work, tools={"machine": terms})

    _, machine = await lived(node(tools=("machine",)), writer=ask, helper=call)
    assert len(machine.calls) == calls


async def test_what_is_lent_reaches_no_more_than_its_lender_does(lived: Any) -> None:
    async def ask(context: Context, work: Work) -> None:
        await context.ask("helper", work, tools={"machine": ["name=weekly"]})

    reach = {"machine": ("name=daily",)}
    simulated, machine = await lived(node(tools=("machine",), reach=reach), writer=ask, helper=call)
    assert machine.calls == []
    assert "it reaches name=daily and name=weekly of machine" in (await refused(simulated))[0][1]


async def test_a_node_lends_nothing_that_it_does_not_hold(lived: Any) -> None:
    async def ask(context: Context, work: Work) -> None:
        await context.ask("helper", work, tools={"machine": []})

    simulated, machine = await lived(node(), writer=ask, helper=call)
    assert machine.calls == []
    assert (await refused(simulated))[0][0] == "work: denied machine"


async def test_each_branch_holds_its_own(lived: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Mapping[str, Capability]] = {}
    init = Life.__init__

    def noting(life: Life, net: Any, single: Single, path: str, held: Any) -> None:
        init(life, net, single, path, held)
        seen[path] = held

    monkeypatch.setattr(Life, "__init__", noting)
    _, machine = await lived(FanOut(name="all", body=node(tools=("machine",))), writer=call)
    assert len(machine.calls) == 1
    [(path, held)] = seen.items()
    assert path == "all[i1]/work"
    assert [each.narrowed[-1].path for each in held.values()] == [path]


async def proofs(simulated: SimulatedWorkspace) -> list[Evidence]:
    async with simulated.up():
        return [proof for _, proof, _ in await evidence.of_run(simulated.store, 1)]


async def test_the_evidence_of_a_call_names_what_it_was_made_under_and_by_whom_that_was_minted(lived: Any) -> None:
    reach = {"machine": ("name=weekly",)}
    simulated, _ = await lived(FanOut(name="all", body=node(tools=("machine",), reach=reach)), writer=call)
    [proof] = await proofs(simulated)
    held = Mint(1, FanOut(name="all", body=node(tools=("machine",), reach=reach))).held_at("all[i1]/work")["machine"]
    assert proof.capability == held.digest
    assert proof.minted == "plan 1, by shaped, for all/work; held at all[i1]/work"
    assert proof.reach == "name=weekly"


async def test_of_what_was_lent_the_evidence_names_the_lender_too(lived: Any) -> None:
    async def ask(context: Context, work: Work) -> None:
        await context.ask("helper", work, tools={"machine": ["name=weekly"]})

    simulated, _ = await lived(node(tools=("machine",)), writer=ask, helper=call)
    [proof] = await proofs(simulated)
    assert (proof.actor, proof.reach) == ("helper", "name=weekly")
    assert proof.minted == f"plan 1, by shaped, for work; held at work, {proof.path}"


def test_a_capability_is_called_the_same_under_every_key_and_another_one_otherwise() -> None:
    one, same, other = (
        Mint(1, node(tools=("machine",))).held_at(path)["machine"] for path in ("work", "work", "work~2")
    )
    assert one.seal != same.seal
    assert one.digest == same.digest != other.digest


KEY = b"a key that somebody made up"


@pytest.mark.parametrize(
    ("path", "forged"),
    [
        ("of another net", lambda held: Mint(1, node(tools=("machine",))).held_at("work")),
        ("made up", lambda held: {"machine": narrow(mint(KEY, 1, "work", "machine"), "work")}),
        ("of another place", lambda held: {"machine": narrow(held["machine"], "work/other[1]")}),
    ],
)
async def test_a_forged_one_is_refused_before_the_call(
    lived: Any, monkeypatch: pytest.MonkeyPatch, path: str, forged: Callable[[Any], Any]
) -> None:
    init = Life.__init__

    def forging(life: Life, net: Any, single: Single, path: str, held: Any) -> None:
        init(life, net, single, path, forged(held))

    monkeypatch.setattr(Life, "__init__", forging)
    simulated, machine = await lived(node(tools=("machine",)), writer=call)
    assert machine.calls == []
    assert await refused(simulated)


async def test_it_is_looked_at_again_right_before_dispatch(lived: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A planted bug: what is claimed is not what was looked at. Nothing is sent, and the effect is only intended."""
    claim = acting.claim_or_ask  # type: ignore[attr-defined]

    def swapping(tx: Any, act: Any, step: Any, now: Any) -> Any:
        return claim(tx, act, step, now)._replace(frozen=b'{"name":"daily","text":"text"}')

    swapping.__name__ = claim.__name__
    monkeypatch.setattr(acting, "claim_or_ask", swapping)
    monkeypatch.setattr(acting, "_with_arguments", _unjudged)
    simulated, machine = await lived(node(tools=("machine",), reach={"machine": ("name=weekly",)}), writer=call)
    assert machine.calls == []
    assert "it reaches name=weekly" in (await refused(simulated))[0][1]
    async with simulated.up():
        [row] = await effects.of_run(simulated.store, 1)
        assert row.state is EffectState.INTENT
        assert any(isinstance(each, EffectIntended) for each in await simulated.events("r1"))


def _unjudged(call: Any, frozen: bytes) -> Any:
    return call._replace(
        arguments=call.tool.Arguments.model_validate_json(frozen), act=call.act._replace(frozen=frozen)
    )


async def test_an_actor_is_given_names_and_never_a_capability(lived: Any) -> None:
    given: list[Any] = []

    async def look(context: Context, work: Work) -> None:
        given.extend(getattr(context, name) for name in dir(context) if not name.startswith("_"))
        given.append(work)
        given.append(await context.call_tool("machine", REPORT, why="it is due"))

    await lived(node(tools=("machine",)), writer=look)
    assert ("machine",) in given
    assert not [each for each in given if isinstance(each, Capability)]
