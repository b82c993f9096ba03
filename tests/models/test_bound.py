"""The bound on a request's input: never below what a tokenizer makes of it, and not far above."""

from __future__ import annotations

import subprocess
import sys

import anyio
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.clock import InlineOffload
from platos.models._bound import InputBound, _encoding_of
from platos.models._messages import messages
from platos.ports.model import Document, ModelRequest

OPENAI = ["openai/gpt-5-mini", "gpt-4.1", "openai/gpt-4-turbo"]
OTHERS = ["anthropic/claude-haiku-4-5", "gemini/gemini-2.5-flash", "openai/gpt-of-the-future", "ollama/qwen3"]

TEXT = st.text(max_size=400) | st.text(alphabet=' aA1.\n"\\é漢ﷺ🦊\u0301\u200d', max_size=400)


def asked(model: str, *texts: str, instructions: str = "Say what is new.") -> ModelRequest:
    documents = tuple(Document(id=f"i{number}", text=text) for number, text in enumerate(texts))
    return ModelRequest(model=model, instructions=instructions, documents=documents, answer={"type": "object"})


def counted(request: ModelRequest) -> int:
    """What the texts of the messages come to in the newest of OpenAI's encodings that is packed, or in bytes."""
    encoding = _encoding_of(request.model) or _encoding_of("gpt-5-mini")
    texts = [message["content"] for message in messages(request)]
    return sum(len(encoding.encode(text, disallowed_special=())) for text in texts) + 3 * len(texts) + 3


@pytest.fixture(scope="module", params=[*OPENAI, *OTHERS])
def model(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def bound(model: str) -> InputBound:
    prepared = InputBound(InlineOffload())
    anyio.run(prepared.prepare, model)
    return prepared


@given(texts=st.lists(TEXT, max_size=3), instructions=TEXT)
def test_no_text_comes_to_more_tokens_than_its_bound(
    bound: InputBound, model: str, texts: list[str], instructions: str
) -> None:
    request = asked(model, *texts, instructions=instructions)
    assert counted(request) <= bound.of(request) <= InputBound(InlineOffload()).of(request)


HARD = {
    "longer in compatibility form": "ﷺ" * 200,
    "no Unicode": "\ud800" * 50,
    "one long word": "a" * 30_000,
    "a token of the tokenizer's own": "<|endoftext|>" * 50,
    "long, and not ASCII": "漢" * 9_000,
}


@pytest.mark.parametrize("text", HARD.values(), ids=HARD)
def test_a_text_that_is_made_to_be_hard_is_bounded_too(bound: InputBound, model: str, text: str) -> None:
    request = asked(model, text)
    assert counted(request) <= bound.of(request)


@pytest.mark.parametrize("model", OPENAI)
def test_where_the_encoding_is_known_the_bound_is_close(model: str) -> None:
    bound = InputBound(InlineOffload())
    request = asked(model, "The weather is fine, and an advisory for openssl 3.0 is out. " * 100)
    rough = bound.of(request)
    anyio.run(bound.prepare, model)
    assert bound.of(request) < counted(request) + 250 < rough / 3


def test_a_model_of_an_unknown_encoding_is_bounded_by_its_bytes() -> None:
    assert _encoding_of("openai/gpt-of-the-future") is None
    assert _encoding_of("azure/gpt-5-mini") is None


def test_the_schema_counts_beside_the_messages() -> None:
    small = asked("gpt-5-mini")
    large = msgspec.structs.replace(small, answer={"type": "object", "description": "x" * 100})
    assert InputBound(InlineOffload()).of(large) >= InputBound(InlineOffload()).of(small) + 200


def test_an_encoding_is_never_fetched() -> None:
    """With the network cut off inside the process, and somebody else's folder named in the environment."""
    code = (
        "import os, socket; os.environ['TIKTOKEN_CACHE_DIR'] = '/nowhere'\n"
        "def refuse(*_, **__): raise AssertionError('the network was asked')\n"
        "socket.socket.connect = refuse; socket.getaddrinfo = refuse\n"
        "from platos.models._bound import _encoding_of\n"
        "assert _encoding_of('gpt-5-mini').name == 'o200k_base'; assert _encoding_of('gpt-4').name == 'cl100k_base'\n"
        "assert _encoding_of('text-davinci-001') is None; assert _encoding_of('gpt2') is None\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_importing_the_part_imports_no_tokenizer() -> None:
    code = "import sys; import platos.models.litellm; assert not {'tiktoken', 'litellm'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
