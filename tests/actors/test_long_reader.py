"""Actor `long-reader`: what is too long for any window is read to its end, each claim quoted from the item."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from actors.long_reader import STRETCH, LongReader
from platos import Document, Item, stretches
from platos.testing.actor import MemoryContext, check_actor, work_on

LINES = [f"Pump {number} failed in hall {number}." for number in range(2_000)]
LONG = Item(id="a", text="\n".join(LINES))
SHORT = Item(id="b", text="A pump costs 900 euros.")
ITEMS = {"i1": LONG, "i2": SHORT}


def last_line(instructions: str, documents: Sequence[Document]) -> Mapping[str, Any]:
    """A model that takes down the last line of what it is shown, and something that stands nowhere."""
    [shown] = documents
    line = shown.text.splitlines()[-1]
    claims = [{"text": text, "source": shown.id, "quote": text} for text in (line, "All is well.")]
    return {"title": f"On {line}", "claims": claims, "note": "It is a list."}


async def test_every_stretch_of_every_item_is_read_once_and_what_is_quoted_stands_in_the_item() -> None:
    context = MemoryContext(items=ITEMS, answer=last_line)
    made = await check_actor(LongReader(), work_on(context), context)
    pieces = [*stretches(LONG.text, STRETCH), SHORT.text]
    assert len(pieces) == 5
    assert [each.documents[0].text for each in context.questions] == pieces
    assert all(len(each.documents[0].text) <= STRETCH for each in context.questions)
    assert [claim.quote for claim in made.artifact.claims] == [piece.splitlines()[-1] for piece in pieces]
    assert {claim.source for claim in made.artifact.claims} == {"i1", "i2"}
    assert made.artifact.title == f"On {pieces[0].splitlines()[-1]}"
    assert made.artifact.note == "It is a list. 5 uncited claims struck."


async def test_a_model_is_told_which_stretch_it_reads_and_the_rest_of_the_question_is_the_same() -> None:
    context = MemoryContext(items=ITEMS, answer=last_line)
    await LongReader().act(context, work_on(context))
    asked = [each.instructions.rpartition("\n") for each in context.questions]
    assert len({first for first, _, _ in asked}) == 1
    assert [last.partition(",")[0] for _, _, last in asked][3:] == [
        "The document is stretch 4 of 4 of i1",
        "The document is stretch 1 of 1 of i2",
    ]


async def test_an_item_without_text_is_no_question() -> None:
    context = MemoryContext(items={"i1": Item(id="a", text="")}, answer=last_line)
    made = await check_actor(LongReader(), work_on(context), context)
    assert (context.questions, made.artifact.claims) == ([], ())
