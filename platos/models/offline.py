"""The part `offline`: an extractive model that needs no key and no network, and is free.

It writes nothing, and looks at nothing that is known already. It ranks the documents' sentences by the words that they
share with the instructions, and fills the answer's schema with them, quoted, each with the id of its document; and it
says so in the answer's `note`. It does not understand: an instruction to leave something out finds the sentences about
it.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import msgspec

from platos.core.money import Price, Usage
from platos.models._fill import Filler
from platos.models._sentences import rank
from platos.ports.model import Document, ModelReply, ModelRequest, Terms
from platos.ports.part import Environment, model

__all__ = ["NOTE", "Offline", "answer_to"]

NOTE = "Extracted by the offline model: sentences that share words with the instructions, quoted and not written."

_FREE = Price.flat(input=0, output=0, source="offline", free=True)


@model("offline", version="1")
class Offline:
    """Every name is served by the same method. A token is a word."""

    def __init__(self, environment: Environment) -> None:
        self._offload = environment.offload

    def price(self, name: str) -> Price | None:
        """Free, under any name."""
        return _FREE

    def terms(self, name: str) -> Terms:
        """It counts against nobody's limits."""
        return Terms("offline")

    def input_bound(self, request: ModelRequest) -> int:
        """A word is at least one character."""
        return sum(map(len, _input(request)))

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        text = await self._offload(answer_to, request)
        alive()
        usage = Usage(input=sum(map(_words, _input(request))), output=_words(text))
        return ModelReply(text=text, usage=usage, served="offline")

    async def close(self) -> None:
        """It holds nothing open."""


def _input(request: ModelRequest) -> list[str]:
    return [request.instructions, request.repair, *(document.text for document in request.documents)]


def answer_to(request: ModelRequest) -> str:
    """What it answers, as JSON text. Blocking."""
    question = f"{request.instructions} {request.repair}"
    asked = [document for document in request.documents if not document.known]
    filler = Filler.of(request.answer, rank(asked, question), NOTE)
    apart = tuple(_about(request, each, question) for each in asked)
    answer = msgspec.structs.replace(filler, apart=apart).fill(request.answer)
    return json.dumps(answer, ensure_ascii=False)


def _about(request: ModelRequest, document: Document, question: str) -> Filler:
    filler = Filler.of(request.answer, rank([document], question), NOTE)
    return msgspec.structs.replace(filler, document=document.shown)


def _words(text: str) -> int:
    return len(text.split())
