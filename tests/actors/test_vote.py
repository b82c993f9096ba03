"""Actor `vote`: a majority of answers wins, what lost is named, and without one nothing is chosen."""

from __future__ import annotations

from typing import Any

import pytest

from actors.vote import Ballots, Vote, alike, majority_of
from platos import Artifact, Claim, HandOff, Item, Status, errors
from platos.testing.actor import MemoryContext, check_actor, work_on

ITEMS = {"i1": Item(id="a", text="Pump 3 is blue. Pump 3 is red.")}


def answer(title: str, quote: str = "Pump 3", status: Status = Status.UNVERIFIED) -> HandOff:
    claim = Claim(text=f"It is {title}.", source="i1", quote=quote)
    return HandOff(artifact=Artifact(kind="answer", title=title, claims=(claim,), by="test"), status=status)


def bench(letters: str = "", scope: str = "What colour?") -> MemoryContext:
    """A model that gives each answer the letter of its place."""
    ballots: list[dict[str, Any]] = [{"document": f"a{at}", "letter": each} for at, each in enumerate(letters)]
    return MemoryContext(items=ITEMS, scope=scope, answer=lambda *_: {"ballots": ballots})


async def test_what_most_say_in_the_same_words_wins_and_no_model_is_asked() -> None:
    context = bench()
    made = await check_actor(Vote(), work_on(context, answer("Red."), answer("Blue"), answer("red", "is red")), context)
    assert (made.artifact.kind, made.artifact.title, made.status) == ("answer", "Red.", Status.UNVERIFIED)
    assert [claim.text for claim in made.artifact.claims] == ["It is Red.."]
    assert made.artifact.note == "2 of 3 agree; 2 are needed. Against it, 1: Blue."
    assert context.questions == []


async def test_where_words_decide_nothing_a_model_says_which_are_the_same_and_the_count_is_ours() -> None:
    context = bench("abb")
    made = await check_actor(Vote(), work_on(context, answer("blue"), answer("red"), answer("crimson")), context)
    assert made.artifact.title == "red"
    assert [claim.text for claim in made.artifact.claims] == ["It is red.", "It is crimson."]


async def test_without_a_majority_all_stay_marked_and_it_is_rejected() -> None:
    context = bench("ab")
    made = await check_actor(Vote(), work_on(context, answer("blue"), answer("red")), context)
    assert (made.status, made.artifact.title) == (Status.REJECTED, "No majority")
    assert [claim.text for claim in made.artifact.claims] == [
        "It is blue. (disputed: answer 1 of 2)",
        "It is red. (disputed: answer 2 of 2)",
    ]


async def test_the_owner_states_another_majority() -> None:
    context = bench("aab", scope="What colour?\nMajority: 3/4\n")
    made = await Vote().act(context, work_on(context, answer("red"), answer("red"), answer("blue")))
    assert (made.status, made.artifact.note) == (Status.REJECTED, "2 of 3 agree; 3 are needed.")


async def test_it_is_worth_what_the_weakest_of_those_who_won_is() -> None:
    context = bench()
    verified, rejected = Status.VERIFIED, Status.REJECTED
    inputs = [answer("red", status=verified), answer("red", status=verified), answer("blue", status=rejected)]
    assert (await Vote().act(context, work_on(context, *inputs))).status is verified


@pytest.mark.parametrize(
    ("line", "of", "needed"), [("", 4, 3), ("", 3, 2), ("60 %", 5, 3), ("2/3", 3, 2), ("100%", 4, 4)]
)
def test_how_many_are_needed(line: str, of: int, needed: int) -> None:
    assert majority_of(f"Scope.\nMajority: {line}" if line else "Scope.", of) == needed


@pytest.mark.parametrize("line", ["50 %", "1/3", "2/0", "120 %"])
def test_what_is_no_majority_is_refused(line: str) -> None:
    with pytest.raises(errors.Broken, match="no majority"):
        majority_of(f"Majority: {line}", 3)


def test_a_majority_in_an_item_is_nobodys_wish() -> None:
    assert majority_of("The mail says Majority: 100 %", 3) == 2


async def test_nothing_to_vote_on_is_an_error() -> None:
    context = bench()
    with pytest.raises(errors.Broken, match="nothing to vote on"):
        await Vote().act(context, work_on(context))


def test_answers_that_say_nothing_are_not_alike() -> None:
    empty = Artifact(kind="answer", title="", claims=(), by="test")
    assert alike([empty, empty]) == [[0], [1]]


def test_a_ballot_that_leaves_one_out_is_none() -> None:
    reply = {"ballots": [{"document": "a0", "letter": "a"}]}
    with pytest.raises(ValueError, match="named once"):
        Ballots.model_validate(reply, context={"documents": ("a0", "a1")})
