"""Loads litellm and asks it once, for a process whose children are not to wait for what it does at its first call."""

from __future__ import annotations

from pathlib import Path

import anyio

from platos.clock import InlineOffload, SystemClock
from platos.models.litellm import Litellm
from platos.ports.model import ModelRequest
from platos.ports.part import Environment
from platos.testing.provider import FakeProvider, answers

MODEL = "openai/made-up"


def _quiet() -> None:
    """Nobody asks for signs of life."""


async def ask_once() -> None:
    """Nothing of it is left: its connections are closed, and its loop has ended."""
    async with FakeProvider(answers("{}")) as provider:
        tables = {"models": {MODEL: {"api_base": provider.url}}}
        part = Litellm(Environment(Path(), SystemClock(), InlineOffload(), str, settings=tables))
        request = ModelRequest(model=MODEL, instructions="Say yes.", documents=(), answer={"type": "object"})
        await part.complete(request, _quiet)
        await part.close()


anyio.run(ask_once)
