"""Facts in a real workspace: what notes say now, and what its own runs came to; asked for by a tier and by an actor."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import anyio
import msgspec
import pytest

from platos.core.event import AnyEvent, PlanMade, RunMoved, StepMoved
from platos.core.fact import Fact
from platos.core.handoff import Artifact, HandOff, Work
from platos.core.instant import DAY, HOUR, MINUTE
from platos.core.item import StoredItem
from platos.core.plan import FanOut, Loop, Node, Plan, Single
from platos.core.plan import Sequence as InOrder
from platos.core.state import Outcome, State
from platos.core.step import StepKind
from platos.core.verdict import Decision, Verdict
from platos.errors import Unavailable
from platos.ports.actor import Context
from platos.ports.model import ModelRequest
from platos.ports.tier import Bench
from platos.runtime import facts
from platos.runtime.result import artifacts_of
from platos.store import notes, passages
from platos.store.dropping import drop_run
from platos.testing.model import Scripted
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

SLOT = 15 * MINUTE
STACK = "# Quartz\n\nVersion 4.2 of quartz runs on the build server.\n\nJonas looks after the printers.\n"


class Curious:
    """A tier that asks for facts on every item, keeps them, and lets the item through."""

    def __init__(self) -> None:
        self.given: list[list[Fact]] = []

    async def judge(self, items: Sequence[StoredItem], bench: Bench) -> list[Verdict]:
        self.given += [await bench.facts(item.item.full_text) for item in items]
        return [Verdict(decision=Decision.SIGNAL, reason="it is let through") for _ in items]

    @property
    def last(self) -> list[str]:
        return [fact.text for fact in self.given[-1]]


@pytest.fixture
def curious(simulate: Simulate, one_node: Any) -> tuple[SimulatedWorkspace, Curious]:
    """A workspace whose triage asks for facts, and whose runs hand over nothing."""
    tier = Curious()
    parts = {("tier", "curious"): tier, ("actor", "idle"): Idle(), ("planner", "one"): one_node("idle")}
    return simulate(triage=["curious"], planner="one", tools=[], done_when=[], parts=parts), tier


class Idle:
    """An actor that does nothing."""

    async def act(self, context: Context, work: Work) -> HandOff:
        return context.hand_off(Artifact(kind="report", title="Nothing", claims=(), by="idle"), scope=())


async def ask(simulated: SimulatedWorkspace, name: str, text: str) -> None:
    await simulated.drop(f"inbox/{name}.txt", text)
    await simulated.live(SLOT)


async def test_a_tier_is_given_the_passages_of_notes_with_their_sources(curious: Any) -> None:
    simulated, tier = curious
    await simulated.drop("notes/stack/quartz.md", STACK)
    async with simulated.up():
        await ask(simulated, "a", "A flaw was found in quartz 4.2.")
    text = "Version 4.2 of quartz runs on the build server."
    fact = Fact(source="note:stack/quartz.md#1", title="Quartz", text=text, private=True)
    assert tier.given == [[fact]]


async def test_a_note_that_was_edited_between_two_wake_ups_is_found_by_its_new_text(curious: Any) -> None:
    simulated, tier = curious
    await simulated.drop("notes/stack.md", STACK)
    async with simulated.up():
        await ask(simulated, "a", "Quartz 4.2 is flawed.")
        await simulated.drop("notes/stack.md", STACK.replace("4.2", "5.0").replace("build", "test"))
        await ask(simulated, "b", "Quartz 5.0 is flawed, on a test server too.")
        assert tier.last == ["Version 5.0 of quartz runs on the test server."]
        await ask(simulated, "c", "What of the build of 4.2?")
        assert tier.last == []


async def test_a_note_that_was_deleted_is_found_no_more(curious: Any) -> None:
    simulated, tier = curious
    path = await simulated.drop("notes/stack.md", STACK)
    await simulated.drop("notes/other.md", "Mira leads the platform group.")
    async with simulated.up():
        await ask(simulated, "a", "Quartz 4.2 is flawed.")
        assert tier.last != []
        path.unlink()
        await ask(simulated, "b", "Quartz 4.2 is flawed. Upgrade.")
        assert tier.last == []
        assert list(await notes.stamps(simulated.store)) == ["other.md"]


async def test_a_note_that_cannot_be_read_hides_no_other(curious: Any, caplog: pytest.LogCaptureFixture) -> None:
    simulated, tier = curious
    await simulated.drop("notes/stack.md", STACK)
    await simulated.drop("notes/huge.md", "quartz " * 200_000)
    async with simulated.up():
        await ask(simulated, "a", "Quartz 4.2 is flawed.")
        await ask(simulated, "b", "Quartz 4.2 is flawed. Upgrade.")
    assert tier.last == ["Version 4.2 of quartz runs on the build server."]
    assert sum("huge.md" in each.getMessage() for each in caplog.records) == 1


async def test_a_quiet_wake_up_looks_at_no_note(curious: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated, tier = curious
    await simulated.drop("notes/stack.md", STACK)
    async with simulated.up():
        await ask(simulated, "a", "Quartz 4.2 is flawed.")
        await simulated.drop("notes/stack.md", "Another text.")

        def looks(*_: object) -> None:
            raise AssertionError("it looked")

        monkeypatch.setattr(facts, "_look", looks)
        await simulated.live(2 * HOUR)
        row = await simulated.specialist("watch")
    assert row.quiet >= 8
    assert len(tier.given) == 1


async def test_the_check_above_sees_a_wake_up_that_looks(curious: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated, tier = curious
    monkeypatch.setattr(facts, "_look", None)
    async with simulated.up():
        await ask(simulated, "a", "Quartz 4.2 is flawed.")
    assert tier.given == []


async def test_a_sitting_looks_at_the_notes_once(curious: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    simulated, tier = curious
    look, looked = facts._look, 0

    def counting(*given: Any) -> Any:
        nonlocal looked
        looked += 1
        return look(*given)

    monkeypatch.setattr(facts, "_look", counting)
    for name in "abc":
        await simulated.drop(f"inbox/{name}.txt", f"Quartz is flawed, {name}.")
    async with simulated.up():
        await simulated.live(SLOT)
    assert (len(tier.given), looked) == (3, 1)


# -- what runs came to, and actors that are given facts


def quote(request: ModelRequest) -> str:
    """A claim for each document: its last line."""
    claims = [
        {"text": f"It says: {document.text.splitlines()[-1]}", "source": document.id, "quote": document.text[-20:]}
        for document in request.documents
    ]
    return json.dumps({"title": "Flaws in quartz", "claims": claims, "note": ""})


def reporting(simulate: Simulate, **changes: Any) -> tuple[SimulatedWorkspace, Scripted]:
    model = Scripted(quote)
    models = {"small": "offline", "frontier": "quoting"}
    return simulate(
        models=models, policy={"outbox": 0}, parts={("model", "quoting"): model, **changes.pop("parts", {})}, **changes
    ), model


async def test_a_draft_cites_a_note_and_its_run_is_done(simulate: Simulate) -> None:
    simulated, model = reporting(simulate)
    await simulated.drop("notes/stack.md", STACK)
    async with simulated.up():
        await ask(simulated, "a", "An advisory on quartz 4.2: upgrade.")
        [run] = await simulated.runs()
        told = await simulated.events("r1")
    assert [document.id for document in model.requests[0].documents] == ["i1", "note:stack.md#1"]
    assert run.outcome is Outcome.DONE
    checks = next(event.checks for event in told if isinstance(event, RunMoved) and event.new is State.SUCCESS)
    assert [check.seen for check in checks if check.check.name == "cited"] == [
        "2 of 2 claims quote what stands in their source"
    ]


async def test_facts_that_are_found_at_the_second_try_are_on_record_like_any_others(
    simulate: Simulate, monkeypatch: pytest.MonkeyPatch
) -> None:
    simulated, _ = reporting(simulate)
    look, looked = facts._look, 0

    def once_in_vain(*given: Any) -> Any:
        nonlocal looked
        looked += 1
        if looked == 1:
            raise Unavailable("the folder does not answer")
        return look(*given)

    monkeypatch.setattr(facts, "_look", once_in_vain)
    await simulated.drop("notes/stack.md", STACK)
    async with simulated.up():
        await ask(simulated, "a", "An advisory on quartz 4.2: upgrade.")
        await simulated.live(HOUR)
        [run] = await simulated.runs()
        states = [event.state for event in await chain(simulated) if event.kind is StepKind.FACTS]
    assert states == [State.PENDING, State.SUCCESS]
    assert run.outcome is Outcome.DONE


class Hasty:
    """An actor that asks twice at once, and does two steps at once."""

    async def act(self, context: Context, work: Work) -> HandOff:
        async with anyio.create_task_group() as tasks:
            for text in ("quartz", "printers"):
                tasks.start_soon(context.facts, text)
        async with anyio.create_task_group() as tasks:
            for name in ("one", "two"):
                tasks.start_soon(partial(context.step, name, str, returns=str))
        return context.hand_off(Artifact(kind="report", title="Nothing", claims=(), by="hasty"), scope=())


async def test_facts_that_are_found_at_once_are_on_record_before_what_is_done_with_them(
    simulate: Simulate, one_node: Any
) -> None:
    parts = {("actor", "hasty"): Hasty(), ("planner", "one"): one_node("hasty")}
    simulated = simulate(planner="one", tools=[], done_when=[], parts=parts)
    async with simulated.up():
        await ask(simulated, "a", "An advisory on quartz 4.2: upgrade.")
        [run] = await simulated.runs()
        kinds = [event.kind for event in await chain(simulated)]
    assert run.state is State.SUCCESS
    assert set(kinds[:2]) == {StepKind.FACTS}
    assert [kind for kind in kinds if kind is not StepKind.FACTS] == [StepKind.LOCAL, StepKind.LOCAL, StepKind.NODE]


async def test_a_claim_that_cites_a_fact_that_nobody_gave_is_struck(simulate: Simulate) -> None:
    def lie(request: ModelRequest) -> str:
        claim = {"text": "So.", "source": "note:stack.md#2", "quote": "Jonas looks after the printers."}
        return json.dumps({"title": "Lies", "claims": [claim], "note": ""})

    simulated, _ = reporting(simulate, parts={("model", "quoting"): Scripted(lie)})
    await simulated.drop("notes/stack.md", STACK)
    async with simulated.up():
        await ask(simulated, "a", "An advisory on quartz 4.2: upgrade.")
        [run] = await simulated.runs()
    assert run.outcome is Outcome.COMPLETED_UNUSABLE


async def test_what_a_run_came_to_is_found_in_the_next_one(simulate: Simulate) -> None:
    simulated, model = reporting(simulate)
    async with simulated.up():
        await ask(simulated, "a", "An advisory on quartz 4.2: upgrade by Friday.")
        await ask(simulated, "b", "An advisory on quartz 4.2, once more: upgrade by Monday.")
        runs = await simulated.runs()
    documents = {document.id: document.text for document in model.requests[-1].documents}
    assert [run.outcome for run in runs] == [Outcome.DONE, Outcome.DONE]
    assert documents["r1"].startswith("Flaws in quartz\n\nA run that ended: done.\nIt says: ")
    assert "upgrade by Friday" in documents["r1"]


async def test_what_another_specialist_came_to_is_not(simulate: Simulate) -> None:
    models = {"small": "offline", "frontier": "quoting"}
    other = {"sources": [{"directory": {"path": "other"}}], "policy": {"outbox": 0}, "models": models}
    simulated, model = reporting(simulate, others={"else": other})
    await simulated.drop("other/a.txt", "An advisory on quartz 4.2: upgrade by Friday.")
    async with simulated.up():
        await simulated.live(SLOT)
        await ask(simulated, "b", "An advisory on quartz 4.2: upgrade by Monday.")
    assert [document.id for document in model.requests[-1].documents] == ["i2"]


async def test_what_a_run_told_with_its_end_is_made_again_from_its_chain_where_it_was_thrown_away(
    simulate: Simulate,
) -> None:
    simulated, _ = reporting(simulate)
    async with simulated.up() as engine:
        await ask(simulated, "a", "An advisory on quartz 4.2: upgrade by Friday.")
        before = await simulated.store.all("SELECT * FROM passages")
        await simulated.store.transact(passages.begin_anew)
        assert await simulated.store.all("SELECT * FROM passages") == []
        await facts.bring_up(engine._host)
        assert await simulated.store.all("SELECT * FROM passages") == before != []


async def test_of_a_run_that_retention_dropped_there_is_nothing_to_tell(simulate: Simulate) -> None:
    """Made anew once its chain is gone."""
    simulated, _ = reporting(simulate)
    async with simulated.up() as engine:
        await ask(simulated, "a", "An advisory on quartz 4.2: upgrade by Friday.")
        await facts.bring_up(engine._host)
        while await simulated.store.transact(drop_run, 1, simulated.clock.now() + 90 * DAY):
            pass
        assert await simulated.store.all("SELECT * FROM passages") == []
        await simulated.store.transact(passages.begin_anew)
        await facts.bring_up(engine._host)
        assert await simulated.store.all("SELECT * FROM passages") == []


READ = Single(name="read", actor="reader")
REVIEW = Single(name="review", actor="critic")
SHAPES: dict[str, tuple[Node, list[str], list[str]]] = {
    "one": (READ, ["read"], ["read"]),
    "in order": (InOrder(name="all", nodes=(REVIEW, READ)), ["all/review", "all/read"], ["all/read"]),
    "each": (FanOut(name="each", body=READ), ["each[i2]/read", "each[i1]/read"], ["each[i1]/read", "each[i2]/read"]),
    "the last round": (
        Loop(name="until", body=READ, until=REVIEW),
        ["until[1]/read", "until[1]/review", "until[2]/read", "until[2]/review"],
        ["until[2]/read"],
    ),
    "each, the last round": (
        InOrder(name="a.b", nodes=(FanOut(name="each", body=Loop(name="l", body=READ, until=REVIEW)),)),
        ["a.b/each[i1]/l[1]/read", "a.b/each[i2]/l[1]/read", "a.b/each[i1]/l[2]/read", "axb/each[i1]/l[3]/read"],
        ["a.b/each[i1]/l[2]/read", "a.b/each[i2]/l[1]/read"],
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
async def test_what_a_run_came_to_is_what_its_last_nodes_handed_over(simulate: Simulate, shape: str) -> None:
    """Of the last plan: what the one before it made is not told."""
    root, paths, last = SHAPES[shape]
    told: list[AnyEvent] = [node_done("read", 1)]
    told.append(PlanMade(at=1, run=1, revision=2, plan=Plan(root=root, why="so", by="test")))
    told += [node_done(path, 2) for path in paths]
    async with simulate().up() as engine:
        made = await artifacts_of(engine.store, told)
    assert sorted(artifact.title for artifact in made) == last


def node_done(path: str, revision: int) -> StepMoved:
    made = HandOff(artifact=Artifact(kind="report", title=path, claims=(), by="test"))
    result = msgspec.Raw(msgspec.json.encode(made))
    node, success = StepKind.NODE, State.SUCCESS
    return StepMoved(
        at=1,
        run=1,
        revision=revision,
        path=path,
        name="node",
        ordinal=1,
        kind=node,
        state=success,
        input="",
        result=result,
    )


async def test_a_node_that_is_resumed_sees_the_facts_that_it_saw(simulate: Simulate, power_cut: Any) -> None:
    """Cut off at every write. A note that changed meanwhile is not what the draft was begun with: what a model was
    shown is committed before it is asked."""
    for number in range(1, 40):
        simulated, model = reporting(simulate)
        await simulated.drop("notes/stack.md", STACK)
        await simulated.drop("inbox/a.txt", "An advisory on quartz 4.2: upgrade.")
        with power_cut(number) as cut:
            async with simulated.up():
                await simulated.live(SLOT)
        async with simulated.up() as engine:
            known = await simulated.store.all("SELECT path FROM notes")
            words = await simulated.store.all("SELECT text FROM passages WHERE source = 'note:stack.md'")
            assert len(words) == 2 * len(known)
            given = [event for event in await chain(simulated) if event.kind is StepKind.FACTS]
            if given or model.requests:
                await simulated.drop("notes/stack.md", "Quartz 4.2 is gone.")
            await engine.rest()
            await simulated.live(SLOT)
            [run] = await simulated.runs()
        assert run.outcome is Outcome.DONE
        texts = [document.text for request in model.requests for document in request.documents]
        assert "Quartz\n\nVersion 4.2 of quartz runs on the build server." in texts
        assert not [text for text in texts if "is gone" in text]
        if cut.writes < number:
            return
    raise AssertionError("the end was not reached")


async def chain(simulated: SimulatedWorkspace) -> list[StepMoved]:
    if not await simulated.runs():
        return []
    return [event for event in await simulated.events("r1") if isinstance(event, StepMoved)]
