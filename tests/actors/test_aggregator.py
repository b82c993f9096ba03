"""Actor `aggregator`: what merging keeps, drops and orders."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.aggregator import MOST_SHOWN, Aggregator, merge
from platos import Artifact, Claim, HandOff, Item, Status
from platos.testing.actor import MemoryContext, check_actor, work_on

ITEMS = {"i1": Item(id="a", text="The pump failed."), "i2": Item(id="b", text="The pump runs.")}
FAILED = Claim(text="It failed.", source="i1", quote="pump failed")
RUNS = Claim(text="It runs.", source="i2", quote="pump runs")
CLAIMS = st.builds(Claim, text=st.sampled_from(["a", "A ", "b"]), source=st.sampled_from(["i1", "i2", "i3"]))
ARTIFACTS = st.lists(st.lists(CLAIMS, max_size=5).map(lambda claims: extract(*claims).artifact), max_size=4)


def extract(*claims: Claim, note: str = "") -> HandOff:
    return HandOff(artifact=Artifact(kind="extract", title="One", claims=claims, by="reader, scripted", note=note))


async def test_it_keeps_what_every_actor_keeps() -> None:
    context = MemoryContext(items=ITEMS)
    await check_actor(Aggregator(), work_on(context, extract(RUNS), extract(FAILED)), context)


async def test_claims_keep_their_sources_in_the_order_of_the_items_even_where_they_contradict_each_other() -> None:
    context = MemoryContext(items=ITEMS)
    report = (await Aggregator().act(context, work_on(context, extract(RUNS), extract(FAILED)))).artifact
    assert (report.kind, report.title, report.claims) == ("report", "First lines", (FAILED, RUNS))


async def test_what_the_makers_noted_is_said_once() -> None:
    context = MemoryContext(items=ITEMS)
    inputs = [extract(note="Extracted."), extract(note="Extracted."), extract(note="1 uncited claim struck.")]
    report = (await Aggregator().act(context, work_on(context, *inputs))).artifact
    assert report.note == "Extracted. 1 uncited claim struck."


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ([Status.VERIFIED, Status.VERIFIED], Status.VERIFIED),
        ([Status.VERIFIED, Status.UNVERIFIED], Status.UNVERIFIED),
        ([Status.REJECTED, Status.UNVERIFIED], Status.REJECTED),
        ([], Status.UNVERIFIED),
    ],
)
async def test_a_report_is_worth_what_the_weakest_of_its_inputs_is(given: list[Status], status: Status) -> None:
    context = MemoryContext(items=ITEMS)
    inputs = [msgspec.structs.replace(extract(FAILED), status=each) for each in given]
    assert (await Aggregator().act(context, work_on(context, *inputs))).status is status


async def test_the_evidence_of_its_inputs_goes_with_the_report() -> None:
    context = MemoryContext(items=ITEMS)
    inputs = [msgspec.structs.replace(extract(), evidence=(name,)) for name in ("e1", "e2")]
    assert (await Aggregator().act(context, work_on(context, *inputs))).evidence == ("e1", "e2")


async def test_of_more_claims_than_one_question_holds_all_are_kept_and_what_was_not_compared_is_said() -> None:
    context = MemoryContext(items=ITEMS)
    many = [Claim(text=f"{number:05} {'x' * 94}", source="i1", quote="pump") for number in range(500)]
    report = (await check_actor(Aggregator(), work_on(context, extract(*many)), context)).artifact
    assert report.claims == tuple(many)
    assert sum(len(each.text) for each in context.questions[0].documents) == MOST_SHOWN
    assert report.note == "What disagrees was looked for among the first 480 of 500 claims."


async def test_where_nothing_was_claimed_no_model_is_asked_for_a_title() -> None:
    context = MemoryContext(items=ITEMS)
    report = (await Aggregator().act(context, work_on(context, extract(), extract()))).artifact
    assert (report.title, context.questions) == ("Nothing to report", [])


async def test_each_claim_reaches_the_model_as_a_document() -> None:
    context = MemoryContext(items=ITEMS)
    await Aggregator().act(context, work_on(context, extract(RUNS), extract(FAILED)))
    (question,) = context.questions
    assert [(document.id, document.text) for document in question.documents] == [
        ("c1", "It failed."),
        ("c2", "It runs."),
    ]
    assert FAILED.text not in question.instructions


def saying(*conflicts: tuple[str, str]) -> MemoryContext:
    pairs = [{"one": one, "other": other, "about": "the\npump"} for one, other in conflicts]
    return MemoryContext(items=ITEMS, answer=lambda *_: {"title": "Pumps", "conflicts": pairs})


async def test_claims_that_disagree_both_stay_and_say_where_the_other_one_stands() -> None:
    context = saying(("c1", "c2"))
    report = (await Aggregator().act(context, work_on(context, extract(RUNS), extract(FAILED)))).artifact
    assert [claim.text for claim in report.claims] == ["It failed. (disputed: see i2)", "It runs. (disputed: see i1)"]
    assert [claim.quote for claim in report.claims] == [FAILED.quote, RUNS.quote]
    assert report.note == "Disputed: the pump."


@pytest.mark.parametrize("named", [("c1", "c1"), ("c1", "c9"), ("i1", "i2")])
async def test_a_conflict_that_is_none_marks_nothing(named: tuple[str, str]) -> None:
    context = saying(named)
    report = (await Aggregator().act(context, work_on(context, extract(RUNS), extract(FAILED)))).artifact
    assert (report.claims, report.note) == ((FAILED, RUNS), "")


@given(ARTIFACTS)
def test_each_claim_on_an_item_is_kept_exactly_once(artifacts: list[Artifact]) -> None:
    def said(claims: list[Claim]) -> list[tuple[str, str]]:
        return [(claim.source, claim.text.strip().lower()) for claim in claims]

    merged = said(merge(artifacts, ["i1", "i2", "i3"]))
    assert len(merged) == len(set(merged))
    assert set(merged) == set(said([claim for artifact in artifacts for claim in artifact.claims]))
    assert [source for source, _ in merged] == sorted(source for source, _ in merged)
