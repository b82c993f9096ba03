"""Actors `reader` and `assistant`: what they ask, and what they keep of the answer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from actors.assistant import Assistant
from actors.reader import Reader
from platos import Actor, Artifact, Claim, Context, Document, Fact, HandOff, Item, Status, Work
from platos.testing.actor import MemoryContext, check_actor, work_on

ITEMS = {
    "i1": Item(id="a.txt", title="Pump", text="The pump failed\ntwice in March."),
    "i2": Item(id="b.txt", text="A new pump costs 900 euros."),
}
BOTH = pytest.mark.parametrize(("actor", "kind"), [(Reader(), "extract"), (Assistant(), "report")])


def claims(*given: tuple[str, str, str]) -> Mapping[str, Any]:
    made = [{"text": text, "source": source, "quote": quote} for text, source, quote in given]
    return {"title": "Pumps", "claims": made, "note": "Short."}


def context(*given: tuple[str, str, str], scope: str = "Watch the pumps.") -> MemoryContext:
    return MemoryContext(items=ITEMS, scope=scope, answer=lambda *_: claims(*given))


@BOTH
async def test_it_keeps_what_every_actor_keeps(actor: Actor, kind: str) -> None:
    bench = MemoryContext(items=ITEMS)
    hand_off = await check_actor(actor, work_on(bench), bench)
    assert hand_off.artifact.kind == kind
    assert [claim.source for claim in hand_off.artifact.claims] == ["i1", "i2"]


@BOTH
async def test_a_cited_claim_is_handed_on_unverified_and_signed(actor: Actor, kind: str) -> None:
    bench = context(("The pump broke.", "i1", "The pump failed twice"))
    hand_off = await actor.act(bench, work_on(bench))
    claim = Claim(text="The pump broke.", source="i1", quote="The pump failed twice")
    assert hand_off.artifact == Artifact(kind=kind, title="Pumps", claims=(claim,), by=bench.signature, note="Short.")
    assert (hand_off.status, hand_off.scope) == (Status.UNVERIFIED, ("i1", "i2"))


@BOTH
@pytest.mark.parametrize("claim", [("?", "i2", "The pump failed"), ("?", "i9", "The pump"), ("?", "i1", " ")])
async def test_a_claim_without_its_quote_is_struck_and_counted(
    actor: Actor, kind: str, claim: tuple[str, str, str]
) -> None:
    bench = context(("The price.", "i2", "costs 900 euros"), claim)
    artifact = (await actor.act(bench, work_on(bench))).artifact
    assert [kept.text for kept in artifact.claims] == ["The price."]
    assert artifact.note == "Short. 1 uncited claim struck."


@BOTH
async def test_text_from_outside_is_a_document_and_never_an_instruction(actor: Actor, kind: str) -> None:
    bench = context()
    await actor.act(bench, work_on(bench))
    (question,) = bench.questions
    assert question.documents == tuple(Document(id=name, text=item.full_text) for name, item in ITEMS.items())
    assert not any(item.text in question.instructions for item in ITEMS.values())


@pytest.mark.parametrize(
    ("title", "text", "read"),
    [("Pump", "It broke.", "Pump\n\nIt broke."), ("Pump", "# Pump\nIt broke.", "# Pump\nIt broke."), ("", "A\n", "A")],
)
async def test_the_title_of_an_item_is_read_once(title: str, text: str, read: str) -> None:
    bench = MemoryContext(items={"i1": Item(id="a", title=title, text=text)})
    await Reader().act(bench, work_on(bench))
    assert [document.text for document in bench.questions[0].documents] == [read]


@BOTH
async def test_the_scope_and_the_remarks_on_the_last_round_reach_the_model(actor: Actor, kind: str) -> None:
    bench = context(scope="Only pumps.")
    await actor.act(bench, work_on(bench, remarks=["No claim rests on i2.", "Be brief."]))
    *_, scope, first, second = bench.questions[0].instructions.splitlines()
    assert scope == "Only pumps."
    assert first.endswith(": No claim rests on i2.")
    assert second.endswith(": Be brief.")


KNOWN = Fact(source="note:pumps.md#2", title="Pumps", text="Pump 3 feeds the boiler.")


async def test_a_drafter_is_given_facts_as_documents_after_the_items_and_may_cite_them() -> None:
    claim = ("The boiler is affected.", KNOWN.source, "feeds the boiler")
    bench = MemoryContext(items=ITEMS, answer=lambda *_: claims(claim), known=[KNOWN])
    hand_off = await check_actor(Assistant(), work_on(bench), bench)
    [question] = bench.questions
    assert question.documents[-1] == Document(id=KNOWN.source, text="Pumps\n\nPump 3 feeds the boiler.", known=True)
    assert len(question.documents) == 3
    assert KNOWN.text not in question.instructions
    assert [kept.source for kept in hand_off.artifact.claims] == [KNOWN.source]
    assert hand_off.scope == ("i1", "i2")


async def test_a_quote_that_no_fact_holds_is_struck() -> None:
    claim = ("The boiler is affected.", KNOWN.source, "feeds the kitchen")
    bench = MemoryContext(items=ITEMS, answer=lambda *_: claims(claim), known=[KNOWN])
    assert (await Assistant().act(bench, work_on(bench))).artifact.claims == ()


async def test_where_nothing_is_known_nothing_is_said_of_facts() -> None:
    bench = context()
    await Assistant().act(bench, work_on(bench))
    assert "facts" not in bench.questions[0].instructions


async def test_a_reader_asks_for_no_facts() -> None:
    bench = MemoryContext(items=ITEMS, known=[KNOWN])
    await Reader().act(bench, work_on(bench))
    assert [document.id for document in bench.questions[0].documents] == ["i1", "i2"]


async def test_a_reader_in_a_branch_reads_its_one_item() -> None:
    bench = MemoryContext(items=ITEMS)
    branch = Work(items=work_on(bench).items[1:])
    assert (await Reader().act(bench, branch)).scope == ("i2",)
    assert [document.id for document in bench.questions[0].documents] == ["i2"]


async def test_the_suite_catches_an_actor_that_remembers() -> None:
    class Counting(Reader):
        calls = 0

        async def act(self, context: Context, work: Work) -> HandOff:
            self.calls += 1
            await context.step("count", lambda calls: calls, self.calls, returns=int)
            return await super().act(context, work)

    bench = MemoryContext(items=ITEMS)
    with pytest.raises(AssertionError, match="given something else"):
        await check_actor(Counting(), work_on(bench), bench)


async def test_the_suite_catches_an_actor_that_asks_past_its_context() -> None:
    class Moody(Reader):
        calls = 0

        async def act(self, context: Context, work: Work) -> HandOff:
            self.calls += 1
            return context.hand_off(Artifact(kind="report", title=f"{self.calls}", claims=(), by=""), scope=())

    bench = MemoryContext(items=ITEMS)
    with pytest.raises(AssertionError, match="another hand-off"):
        await check_actor(Moody(), work_on(bench), bench)


async def test_a_colleague_is_asked_once_and_has_no_tools() -> None:
    class Delegating:
        async def act(self, context: Context, work: Work) -> HandOff:
            return await context.ask("reader", work)

    def answer(instructions: str, documents: Sequence[Document]) -> Mapping[str, Any]:
        return claims(("The price.", "i2", "900 euros"))

    bench = MemoryContext(items=ITEMS, answer=answer, team={"reader": Reader()}, tools=("outbox",))
    await check_actor(Delegating(), work_on(bench), bench)
    assert len(bench.questions) == 1
