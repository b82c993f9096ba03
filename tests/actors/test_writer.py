"""Actor `writer`: every sentence says what a claim says, and has its source."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from actors.notifier import render
from actors.writer import Section, Sentence, Text, Writer, written
from platos import Artifact, Claim, HandOff, Item, Status, errors, uncited
from platos.testing.actor import MemoryContext, check_actor, work_on

ITEMS = {"i1": Item(id="a", text="The pump failed twice in March."), "i2": Item(id="b", text="A pump costs 900 euros.")}
FAILED = Claim(text="The pump failed two times.", source="i1", quote="failed twice in March")
PRICE = Claim(text="A new pump costs 900 euros.", source="i2", quote="costs 900 euros")


def extract(*claims: Claim, status: Status = Status.UNVERIFIED) -> HandOff:
    return HandOff(
        artifact=Artifact(kind="extract", title="One", claims=claims, by="test", note="Read."), status=status
    )


def bench(*sections: tuple[str, list[tuple[str, str]]]) -> MemoryContext:
    made: list[dict[str, Any]] = [
        {"title": title, "sentences": [{"text": text, "source": source} for text, source in sentences]}
        for title, sentences in sections
    ]
    return MemoryContext(items=ITEMS, answer=lambda *_: {"title": "Pumps", "sections": made})


async def test_sentences_stand_in_order_under_their_sections_with_the_source_of_their_claim() -> None:
    context = bench(("Cost", [("One costs 900 euros.", "c2")]), ("Failures", [("In March it failed.", "c1")]))
    made = await check_actor(Writer(), work_on(context, extract(FAILED, PRICE)), context)
    assert made.artifact.claims == (
        Claim(text="One costs 900 euros.", source="i2", quote=PRICE.quote, section="Cost"),
        Claim(text="In March it failed.", source="i1", quote=FAILED.quote, section="Failures"),
    )
    assert (made.artifact.kind, made.artifact.note, made.status) == ("document", "Read.", Status.UNVERIFIED)


@pytest.mark.parametrize(
    "added",
    [
        ("So it goes.", ""),
        ("So it goes.", "c9"),
        ("So it goes.", "i1"),
        ("It costs 950 euros.", "c2"),
        ("It was replaced and shipped, as approved.", "c1"),
    ],
)
async def test_what_the_claims_do_not_say_is_struck_and_counted(added: tuple[str, str]) -> None:
    context = bench(("All", [("It failed.", "c1"), added]))
    made = await Writer().act(context, work_on(context, extract(FAILED, PRICE)))
    assert [claim.text for claim in made.artifact.claims] == ["It failed."]
    assert made.artifact.note == "Read. 1 sentence struck that the claims do not say."


async def test_it_is_worth_what_its_weakest_input_is() -> None:
    context = bench()
    inputs = [extract(FAILED, status=Status.VERIFIED), extract(PRICE, status=Status.REJECTED)]
    assert (await Writer().act(context, work_on(context, *inputs))).status is Status.REJECTED


async def test_nothing_to_write_of_is_an_error_and_no_claim_is_no_question() -> None:
    context = bench()
    with pytest.raises(errors.Broken, match="nothing to write of"):
        await Writer().act(context, work_on(context))
    assert (await Writer().act(context, work_on(context, extract()))).artifact.claims == ()
    assert context.questions == []


@over(st.lists(st.tuples(st.text(max_size=20), st.sampled_from(["c1", "c2", "c3", "i1", ""])), max_size=6))
def test_whatever_is_written_rests_on_what_its_inputs_rest_on(said: list[tuple[str, str]]) -> None:
    sentences = [Sentence(text=text, source=source) for text, source in said]
    kept, struck = written(Text(title="T", sections=[Section(title="S", sentences=sentences)]), [FAILED, PRICE])
    assert len(kept) + struck == len(said)
    artifact = Artifact(kind="document", title="", claims=tuple(kept), by="")
    assert uncited([artifact], {name: item.full_text for name, item in ITEMS.items()}) == []


async def test_a_document_is_delivered_with_its_headings() -> None:
    context = bench(("Cost # 1", [("One costs 900 euros.", "c2")]), ("Failures", [("It failed.", "c1")]))
    made = await Writer().act(context, work_on(context, extract(FAILED, PRICE)))
    receipt = Item(id="e1", text="read a # sheet, 12 bytes\n\nPump 3.", kind="receipt")
    text = render(made, [], [receipt])
    assert (
        text.index("## Cost \\# 1") < text.index("- One costs 900") < text.index("## Failures") < text.index("- It f")
    )
    assert "- e1: read a \\# sheet, 12 bytes\n" in text
