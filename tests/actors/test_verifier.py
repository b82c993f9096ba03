"""Actor `verifier`: what it refutes by rule, what a model judges, and what comes of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from actors.verifier import Judgement, Verifier, refuted
from platos import Artifact, Claim, Document, Fact, HandOff, Item, Receipt, Status, errors
from platos.testing.actor import MemoryContext, check_actor, work_on

ITEMS = {"i1": Item(id="a", text="The pump failed twice in March."), "i2": Item(id="b", text="A pump costs 900 euros.")}
READ = Receipt(summary="read a sheet", data={"text": "Pump 3 may run at 4 bar."})
FAILED = Claim(text="The pump failed.", source="i1", quote="pump failed twice")
PRICE = Claim(text="Pumps are cheap.", source="i2", quote="costs 900 euros")
LOOSE = Claim(text="The pump runs.", source="i1", quote="the pump runs")
DEED = Claim(text="The owner was notified.", source="i1", quote="The pump failed")
SHEET = Claim(text="It may run at 4 bar.", source="e1", quote="run at 4 bar")


def given(*claims: Claim, kind: str = "report") -> HandOff:
    made = Artifact(kind=kind, title="One", claims=claims, by="test")
    return HandOff(artifact=made, evidence=("e1",) * (SHEET in claims))


def bench(**follows: bool) -> MemoryContext:
    """A model to which every claim follows, but those that are named."""

    def answer(_: str, documents: Sequence[Document]) -> Mapping[str, Any]:
        judged = [{"document": each.id, "follows": follows.get(each.id, True), "why": "it\nadds"} for each in documents]
        return {"judged": judged, "confidence": 0.9}

    return MemoryContext(items=ITEMS, answer=answer, evidence={"e1": READ})


async def test_claims_that_all_stand_and_follow_are_verified_and_marked() -> None:
    context = bench()
    review = await check_actor(Verifier(), work_on(context, given(FAILED, PRICE, SHEET)), context)
    assert (review.status, review.artifact.kind, review.artifact.claims) == (Status.VERIFIED, "review", ())
    assert review.artifact.note == "Claims: 1 verified, 2 verified, 3 verified. Judged with confidence 0.90."
    assert [each.id for each in context.questions[0].documents] == ["c1", "c2", "c3"]


async def test_what_fails_by_rule_is_not_asked_about_and_the_rest_is() -> None:
    context = bench(c4=False)
    review = await check_actor(Verifier(), work_on(context, given(FAILED, LOOSE, DEED, PRICE)), context)
    assert [each.id for each in context.questions[0].documents] == ["c1", "c4"]
    assert review.status is Status.REJECTED
    assert [claim.text for claim in review.artifact.claims] == [
        "Claim 2: its quote does not stand in its source",
        "Claim 3: it tells of a deed that its quote does not prove",
        "Claim 4: it adds",
    ]
    assert review.artifact.note.startswith("Claims: 1 verified, 2 rejected, 3 rejected, 4 rejected.")
    assert review.artifact.title == "1 of 4 claims are borne out"


def test_a_deed_whose_receipt_is_quoted_stands() -> None:
    sent = Claim(text="The report was sent.", source="e2", quote="sent to ana")
    assert refuted([sent], {"e2": "sent to ana, 12 bytes"}) == {}


async def test_where_no_claim_stands_another_plan_is_asked_for_and_no_model() -> None:
    context = bench()
    with pytest.raises(errors.BadReasoning, match="none of 2 claims"):
        await Verifier().act(context, work_on(context, given(LOOSE, DEED)))
    assert context.questions == []


async def test_a_draft_without_a_claim_is_rejected() -> None:
    context = bench()
    review = await check_actor(Verifier(), work_on(context, given()), context)
    assert (review.status, [claim.text for claim in review.artifact.claims]) == (
        Status.REJECTED,
        ["nothing is claimed"],
    )


async def test_a_claim_that_cites_a_fact_is_held_against_it() -> None:
    known = Fact(source="note:pumps.md#1", title="Pumps", text="Pump 3 feeds the boiler.")
    context = bench()
    context.known = [known]
    claim = Claim(text="It feeds the boiler.", source=known.source, quote="feeds the boiler")
    assert (await check_actor(Verifier(), work_on(context, given(claim)), context)).status is Status.VERIFIED


@pytest.mark.parametrize("named", [["c1"], ["c1", "c2", "c2"], ["c1", "c3"], []])
def test_an_answer_that_does_not_judge_each_claim_once_is_none(named: list[str]) -> None:
    reply = {"judged": [{"document": each, "follows": True} for each in named], "confidence": 1}
    with pytest.raises(ValueError, match="each of c1, c2 is to be judged once"):
        Judgement.model_validate(reply, context={"documents": ("c1", "c2")})
