"""The scripted model, and the contract suite itself: it sees the faults that it is there for."""

from __future__ import annotations

import pytest

from platos.core.money import Band, Price, Usage
from platos.errors import Broken, RateLimited
from platos.ports.model import Finish, ModelReply, ModelRequest, Terms
from platos.testing.model import Scripted, check_model

from .conftest import quiet

REPLY = {"signal": False, "reason": "nothing"}


async def test_keeps_the_contract(question: ModelRequest) -> None:
    await check_model(Scripted([REPLY]), question)


async def test_a_list_is_said_in_order_and_then_it_ends(question: ModelRequest) -> None:
    part = Scripted(["{}", REPLY])
    assert [(await part.complete(question, quiet)).text for _ in range(2)] == [
        "{}",
        '{"signal": false, "reason": "nothing"}',
    ]
    with pytest.raises(Broken):
        await part.complete(question, quiet)


async def test_a_mapping_answers_by_a_word_of_the_instructions(question: ModelRequest) -> None:
    assert (await Scripted({"lunch": "{}", "advisory": REPLY}).complete(question, quiet)).text != "{}"


async def test_a_function_answers_the_request(question: ModelRequest) -> None:
    reply = await Scripted(lambda request: {"said": request.instructions}).complete(question, quiet)
    assert question.instructions in reply.text


async def test_a_failure_is_raised_and_the_request_recorded(question: ModelRequest) -> None:
    part = Scripted([RateLimited("slower")])
    with pytest.raises(RateLimited):
        await part.complete(question, quiet)
    assert part.requests == [question]


BAD_REPLIES = {
    "more input than its bound": ModelReply(text="{}", usage=Usage(input=10**9), served="x"),
    "more output than was allowed": ModelReply(text="{}", usage=Usage(output=10**9), served="x"),
    "a negative count": ModelReply(text="{}", usage=Usage(cached=-1), served="x"),
    "more reasoning than was allowed": ModelReply(text="{}", usage=Usage(reasoning=10**9), served="x"),
    "an answer that was cut": ModelReply(text="{}", usage=Usage(), served="x", finish=Finish.CUT),
    "no JSON object": ModelReply(text="[]", usage=Usage(), served="x"),
    "no served model": ModelReply(text="{}", usage=Usage(), served=""),
}


@pytest.mark.parametrize("fault", BAD_REPLIES)
async def test_the_contract_catches(fault: str, question: ModelRequest) -> None:
    with pytest.raises(AssertionError):
        await check_model(Scripted([BAD_REPLIES[fault]]), question)


ZERO, PAID = (Price.flat(input=rate, output=rate, source="nobody") for rate in (0, 1))

LONG = Band(rates=PAID.bands[0].rates, above=9)

BAD_PARTS = {
    "a price of zero that is not declared free": Scripted([REPLY], price=ZERO),
    "a price for long inputs alone": Scripted([REPLY], price=Price(bands=(LONG,), source="nobody")),
    "terms of nobody": Scripted([REPLY], terms=Terms("")),
}


@pytest.mark.parametrize("fault", BAD_PARTS)
async def test_the_contract_catches_in_the_part(fault: str, question: ModelRequest) -> None:
    with pytest.raises(AssertionError):
        await check_model(BAD_PARTS[fault], question)


async def test_a_sign_of_life_comes_with_each_answer(question: ModelRequest) -> None:
    signs: list[int] = []
    await Scripted([REPLY]).complete(question, lambda: signs.append(1))
    assert signs == [1]
