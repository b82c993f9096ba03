"""The scripted model, and the contract suite itself: it sees the faults that it is there for."""

from __future__ import annotations

import msgspec
import pytest

from platos.core.money import Price, Usage
from platos.errors import Broken, RateLimited
from platos.ports.model import ModelReply, ModelRequest
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
    "no JSON object": ModelReply(text="[]", usage=Usage(), served="x"),
    "no served model": ModelReply(text="{}", usage=Usage(), served=""),
}


@pytest.mark.parametrize("fault", BAD_REPLIES)
async def test_the_contract_catches(fault: str, question: ModelRequest) -> None:
    with pytest.raises(AssertionError):
        await check_model(Scripted([BAD_REPLIES[fault]]), question)


async def test_the_contract_catches_a_price_of_zero_that_is_not_declared_free(question: ModelRequest) -> None:
    part = Scripted([REPLY], price=Price.flat(input=0, output=0, source="nobody"))
    with pytest.raises(AssertionError):
        await check_model(part, msgspec.structs.replace(question, model="x"))
