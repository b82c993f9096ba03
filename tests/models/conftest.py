"""Where model parts run, and a question to ask them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from platos.clock import SystemClock, ThreadOffload
from platos.errors import SecretMissing
from platos.models.litellm import Litellm
from platos.ports.model import Document, ModelRequest
from platos.ports.part import Environment

NAME = "openai/gpt-5-mini"

ANSWER = {
    "type": "object",
    "properties": {"signal": {"type": "boolean"}, "reason": {"type": "string"}},
    "required": ["signal", "reason"],
}

MakeLitellm = Callable[..., Litellm]


def secret(reference: str) -> str:
    if reference != "env:KEY":
        raise SecretMissing(f"{reference} leads nowhere")
    return "sk-of-the-test"


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """The real clock, real threads, one secret, no settings."""
    return Environment(workspace=tmp_path, clock=SystemClock(), offload=ThreadOffload(), secret=secret)


@pytest.fixture
async def litellm(environment: Environment) -> AsyncIterator[MakeLitellm]:
    """`litellm(url, **settings)`: the part, with `NAME` served there. It is closed at the end."""
    made: list[Litellm] = []

    def make(url: str, *, name: str = NAME, **settings: Any) -> Litellm:
        tables = {"models": {name: {"api_base": url, "key": "env:KEY", **settings}}}
        made.append(Litellm(replace(environment, settings=tables)))
        return made[-1]

    yield make
    for part in made:
        await part.close()


def quiet() -> None:
    """Nobody asks for signs of life."""


@pytest.fixture
def question() -> ModelRequest:
    """Is this an advisory for openssl?"""
    return ModelRequest(
        model=NAME,
        instructions="Tell me about every advisory for openssl.",
        documents=(Document(id="i1", text="The weather is fine. An advisory for openssl 3.0 is out."),),
        answer=ANSWER,
        max_output=100,
    )
