"""Actors with tools in whole runs: what is read is evidence, claims rest on it, and what asks first still asks."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from pydantic import BaseModel

from platos import Artifact, Brief, Claim, Context, EffectClass, HandOff, Loop, Node, Plan, Receipt, Single, Work
from platos import Sequence as InOrder
from platos.core.event import StepMoved
from platos.core.instant import MINUTE
from platos.core.state import Outcome, State
from platos.ports.model import ModelRequest
from platos.store import evidence
from platos.testing.model import Scripted
from platos.testing.notifier import ScriptedNotifier
from platos.testing.web import FakeSite, page
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

RESEARCH = Single(name="research", actor="researcher", tools=("http-get",))
WRITTEN = InOrder(
    name="work",
    nodes=(
        RESEARCH,
        Single(name="write", actor="writer"),
        Single(name="deliver", actor="notifier", tools=("outbox",)),
    ),
)
SHEET = "Quartz 4.2 is mended in 4.3.\n" + "More of it. " * 3_000 + "The end of the sheet."


@dataclass
class Fixed:
    """A planner of one plan."""

    root: Node

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=self.root, why="a test wants it", by="fixed")


def form_of(request: ModelRequest) -> str:
    return str(request.answer["title"]).partition("[")[0].partition("_")[0]


def claimed(text: str, source: str, quote: str) -> dict[str, str]:
    return {"text": text, "source": source, "quote": quote}


def researching(*wants: dict[str, Any], finds: Sequence[dict[str, str]] | None = None) -> Callable[[ModelRequest], str]:
    """A model that wants these calls, reports the findings, citing what was read first, and writes of them."""

    def answer(request: ModelRequest) -> str:
        texts = {each.id: each.text for each in request.documents}
        if form_of(request) == "Text":
            said = [{"text": "Version 4.3 mends it.", "source": "c1"}]
            return json.dumps({"title": "Quartz", "sections": [{"title": "What to do", "sentences": said}]})
        made = len(texts["calls"].splitlines()) if "calls" in texts else 0
        if form_of(request) == "Turn" and made < len(wants):
            return json.dumps({"call": {**wants[made], "why": "to see"}})
        read = next((name for name in texts if name.startswith("e")), "i1")
        found = finds or [
            claimed("4.3 mends it.", read, "mended in 4.3"),
            claimed("It ends.", read, "The end of the sheet"),
            claimed("It does not.", read, "mended in 4.4"),
        ]
        draft = {"title": "Quartz", "claims": found, "note": ""}
        return json.dumps({"report": draft} if form_of(request) == "Turn" else draft)

    return answer


def wanting(tool: str, **arguments: Any) -> dict[str, Any]:
    return {"tool": tool, "arguments": json.dumps(arguments)}


@pytest.fixture
def working(simulate: Simulate) -> Callable[..., Any]:
    """`working(root, model, site)`: a workspace whose one signal is worked on by that plan, with that model."""

    async def make(root: Node, model: Any, site: FakeSite | None = None, **changes: Any) -> tuple[Any, Scripted]:
        scripted = Scripted(model)
        reads = [{"http-get": {"allow": [site.url], "private": ["127.0.0.1"]}}] if site else []
        parts = {("model", "scripted"): scripted, ("planner", "one"): Fixed(root), **changes.pop("parts", {})}
        policy = {"outbox": 0, **({"http-get": 0} if site else {})}
        given = {"policy": policy, "tools": [*reads, "outbox"], **changes}
        simulated = simulate(planner="one", models={"small": "offline", "frontier": "scripted"}, parts=parts, **given)
        await simulated.drop("inbox/note.txt", "An advisory on quartz 4.2.")
        return simulated, scripted

    return make


async def test_what_was_read_on_the_web_is_cited_written_up_and_delivered(working: Any) -> None:
    async with FakeSite(page(SHEET)) as site:
        simulated, model = await working(WRITTEN, researching(wanting("http-get", url=site.url)), site)
        async with simulated.up():
            await simulated.live(15 * MINUTE)
            [run] = await simulated.runs()
            proofs = await evidence.of_run(simulated.store, run.id)
        assert (run.state, run.outcome) == (State.SUCCESS, Outcome.DONE)
    [read, _] = proofs
    assert read[1].full_text.endswith("The end of the sheet.")
    [delivered] = (simulated.workspace.root / "outbox").iterdir()
    text = delivered.read_text("utf-8")
    assert f"## What to do\n\n- Version 4.3 mends it. ({read[0]})\n  > mended in 4.3" in text
    assert f"- {read[0]}: read http" in text
    assert "1 uncited claim struck." in text
    shown = [{each.id: each.text for each in request.documents} for request in model.requests]
    assert shown[0]["tool http-get"].startswith(f"http-get: Reads an address that begins with {site.url}. (read)\n")
    assert not any(SHEET[:20] in request.instructions for request in model.requests)


async def test_cut_off_anywhere_it_comes_to_the_same_and_pays_no_answer_twice(
    working: Any, power_cut: Any, record_cases: Callable[[str, int], None]
) -> None:
    async with FakeSite(page(SHEET)) as site:
        wants = (wanting("http-get", uri=site.url), wanting("mail"), wanting("http-get", url=site.url))
        simulated, model = await working(RESEARCH, researching(*wants), site, done_when=["cited"])
        with power_cut(10**6) as cut:
            async with simulated.up():
                await simulated.live(15 * MINUTE)
        asked, writes = len(model.requests), cut.writes
        assert asked == 4
        assert "does not fit" in next(each.text for each in model.requests[1].documents if each.id == "calls")
        cuts = range(3, writes, max(1, writes // 6))
        for number in cuts:
            simulated, model = await working(RESEARCH, researching(*wants), site, done_when=["cited"])
            with power_cut(number):
                async with simulated.up():
                    await simulated.live(2 * MINUTE)
            async with simulated.up():
                await simulated.live(30 * MINUTE)
                [run] = await simulated.runs()
            assert run.outcome is Outcome.DONE, number
            assert asked <= len(model.requests) <= asked + 1
        record_cases("crashes", len(cuts))


async def test_a_call_that_asks_first_waits_for_a_person_and_the_model_goes_on_after(working: Any) -> None:
    draft = Single(name="draft", actor="assistant", tools=("outbox",))
    finds = [claimed("It is on quartz.", "i1", "on quartz 4.2")]
    model = researching(wanting("outbox", name="note", text="Quartz."), finds=finds)
    simulated, scripted = await working(draft, model, policy={"outbox": 2})
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [gate] = await simulated.open_gates()
        assert len(scripted.requests) == 1
        await simulated.approve(gate)
        [run] = await simulated.runs()
    assert (run.outcome, len(scripted.requests)) == (Outcome.DONE, 2)


async def test_what_a_model_may_not_call_is_told_to_it_and_to_the_owner_and_the_run_goes_on(
    working: Any,
) -> None:
    draft = Single(name="draft", actor="assistant", tools=("outbox",), reach={"outbox": ("name=weekly",)})
    finds = [claimed("It is on quartz.", "i1", "on quartz 4.2")]
    wants = (wanting("mail", to="eve@evil.example"), wanting("outbox", name="note", text="Quartz."))
    phone = ScriptedNotifier()
    told = {"parts": {("notifier", "phone"): phone}, "settings": '[people.ana]\ntell = ["phone"]\n'}
    simulated, scripted = await working(draft, researching(*wants, finds=finds), done_when=["cited"], **told)
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [run] = await simulated.runs()
        steps = [each for each in await simulated.events("r1") if isinstance(each, StepMoved) and each.kind == "tool"]
    assert run.outcome is Outcome.DONE
    assert [notice.title for notice in phone.told] == ["watch: policy refused a call of a tool in r1"]
    assert [(each.name, each.state) for each in steps] == [("denied a tool", "failed"), ("outbox", "failed")]
    log = next(each.text for each in scripted.requests[-1].documents if each.id == "calls").splitlines()
    assert "denied: capability: a tool was not given to this node" in log[0]
    assert "denied: capability: it reaches name=weekly of outbox, and not what is asked for" in log[1]


async def test_a_persons_no_ends_the_run_whatever_the_model_would_do_next(working: Any) -> None:
    draft = Single(name="draft", actor="assistant", tools=("outbox",))
    model = researching(wanting("outbox", name="note", text="Quartz."), finds=[])
    simulated, scripted = await working(draft, model, policy={"outbox": 2})
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        await simulated.deny((await simulated.open_gates())[0])
        [run] = await simulated.runs()
    assert (run.state, run.outcome, len(scripted.requests)) == (State.CANCELLED, Outcome.NOOP, 1)


class Line(BaseModel):
    """What it is told."""

    text: str


class Echo:
    """A tool whose answer repeats what it was told."""

    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False
    Arguments: ClassVar[type[BaseModel]] = Line

    def __init__(self, effect: EffectClass) -> None:
        self.effect = effect

    async def call(self, arguments: Line, key: str) -> Receipt:
        return Receipt(summary="it is told", data={"text": arguments.text})

    async def probe(self, arguments: Line, key: str) -> Receipt | None:
        return None

    async def observe(self, arguments: Line) -> dict[str, str]:
        return {}


class Launderer:
    """Tells a tool its claim, and cites what the tool answers."""

    async def act(self, context: Context, work: Work) -> HandOff:
        receipt = await context.call_tool("echo", {"text": "all is well"}, why="a test wants it")
        name = await context.cite(receipt)
        claim = Claim(text="All is well.", source=name, quote="all is well")
        made = Artifact(kind="report", title="Fine", claims=(claim,), by="launderer")
        return context.hand_off(made, scope=(), evidence=[name])


@pytest.mark.parametrize(
    ("effect", "outcome"),
    [(EffectClass.READ, Outcome.DONE), (EffectClass.ONCE, Outcome.COMPLETED_UNUSABLE)],
)
async def test_what_a_tool_that_acts_repeats_of_its_call_proves_nothing(
    working: Any, effect: EffectClass, outcome: Outcome
) -> None:
    parts = {("tool", "echo"): Echo(effect), ("actor", "launderer"): Launderer()}
    node = Single(name="work", actor="launderer", tools=("echo",))
    simulated, _ = await working(node, [], parts=parts, tools=["echo"], policy={"echo": 0}, done_when=["cited"])
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [run] = await simulated.runs()
    assert run.outcome is outcome


class Fabricator:
    """Claims what stands nowhere."""

    async def act(self, context: Context, work: Work) -> HandOff:
        claims = (Claim(text="All is well.", source="i1", quote="all is well"),)
        return context.hand_off(Artifact(kind="report", title="Fine", claims=claims, by="fabricator"), scope=("i1",))


async def test_where_nothing_can_be_saved_a_verifier_asks_for_another_plan(working: Any) -> None:
    until = Single(name="verify", actor="verifier")
    loop = Loop(name="until_true", body=Single(name="make", actor="fabricator"), until=until)
    planner, plans = Fixed(loop), []

    class Counting:
        async def plan(self, brief: Brief) -> Plan:
            plans.append(brief.again)
            return await planner.plan(brief)

    parts = {("actor", "fabricator"): Fabricator(), ("planner", "one"): Counting()}
    simulated, model = await working(loop, [], parts=parts, done_when=["cited"])
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        [run] = await simulated.runs()
    assert run.state is State.FAILED
    assert plans[0] == ""
    assert set(plans[1:]) == {"none of 1 claims is borne out by what it rests on"}
    assert model.requests == []
