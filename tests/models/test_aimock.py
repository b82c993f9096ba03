"""The part `litellm` against a fake that is not ours, in the forms of OpenAI, Anthropic and Gemini."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from platos.core.money import Usage
from platos.errors import Failure, RateLimited, Unavailable
from platos.ports.model import Document, Finish, ModelRequest

from . import aimock
from .conftest import MakeLitellm, quiet

REPLY = '{"signal": true, "reason": "an advisory"}'
USAGE = {"prompt_tokens": 211, "completion_tokens": 17, "total_tokens": 228}
FIXTURES: list[dict[str, Any]] = [
    {"match": {"userMessage": "advisory"}, "response": {"content": REPLY, "usage": USAGE}},
    {"match": {"userMessage": "too long"}, "response": {"content": '{"sig', "finishReason": "length"}},
    {
        "match": {"userMessage": "slow down"},
        "response": {"error": {"message": "slow down", "type": "rate_limit_error"}, "status": 429},
    },
]

NAMES = {"openai/gpt-5-mini": "/v1", "anthropic/claude-haiku-4-5": "", "gemini/gemini-2.5-flash": "/v1beta"}


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[aimock.Aimock]:
    try:
        program = aimock.installed(tmp_path_factory.mktemp("aimock"))
    except aimock.NotThere as reason:
        pytest.skip(f"aimock: {reason}")
    with aimock.running(program, FIXTURES) as fake:
        yield fake


@pytest.fixture
def fake(server: aimock.Aimock) -> Iterator[aimock.Aimock]:
    yield server
    server.work()


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def asked(question: ModelRequest, name: str, text: str = "An advisory is out.") -> ModelRequest:
    return msgspec.structs.replace(question, model=name, documents=(Document(id="i1", text=text),))


async def test_an_answer_arrives_with_its_usage_in_one_request(
    litellm: MakeLitellm, question: ModelRequest, fake: aimock.Aimock, name: str
) -> None:
    before = len(fake.seen())
    reply = await litellm(fake.url + NAMES[name], name=name).complete(asked(question, name), quiet)
    assert (reply.text, reply.finish) == (REPLY, Finish.DONE)
    assert reply.usage == Usage(input=211, output=17)
    assert len(fake.seen()) == before + 1


async def test_a_reply_that_is_too_long_is_cut(
    litellm: MakeLitellm, question: ModelRequest, fake: aimock.Aimock, name: str
) -> None:
    part = litellm(fake.url + NAMES[name], name=name)
    reply = await part.complete(asked(question, name, "This is too long."), quiet)
    assert reply.finish is Finish.CUT


FAULTS: dict[str, tuple[str, type[Failure], bool]] = {
    "server error": ("dropRate", Unavailable, True),
    "no JSON": ("malformedRate", Unavailable, True),
    "connection closed": ("disconnectRate", Unavailable, True),
    "rate limit": ("rateLimitRate", RateLimited, False),
}


@pytest.mark.parametrize(("rate", "kind", "sent"), FAULTS.values(), ids=FAULTS)
async def test_a_fault_is_classified_after_one_request(
    litellm: MakeLitellm,
    question: ModelRequest,
    fake: aimock.Aimock,
    name: str,
    rate: str,
    kind: type[Failure],
    sent: bool,
) -> None:
    part = litellm(fake.url + NAMES[name], name=name)
    before = len(fake.seen())
    fake.fail(**{rate: 1})
    with pytest.raises(Failure) as failed:
        await part.complete(asked(question, name), quiet)
    assert (type(failed.value), failed.value.sent) == (kind, sent)
    assert len(fake.seen()) == before + 1


async def test_a_refusal_of_the_server_is_told_apart_from_its_faults(
    litellm: MakeLitellm, question: ModelRequest, fake: aimock.Aimock, name: str
) -> None:
    with pytest.raises(RateLimited) as failed:
        await litellm(fake.url + NAMES[name], name=name).complete(asked(question, name, "slow down"), quiet)
    assert not failed.value.sent
