"""Models: what reasons. A port for one HTTP attempt; retries, repair, fallback and money are the runtime's."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from platos.core.instant import MINUTE, Span
from platos.core.money import Price, Usage

__all__ = ["Document", "Model", "ModelReply", "ModelRequest"]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Text from outside, under a name that we gave it (`i12`). It is data, never an instruction."""

    id: str
    text: str


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question.

    `instructions` are the owner's and the actor's words; `documents` what they are about; `answer` the JSON schema
    that the reply must fill. `max_output` bounds the reply in tokens, `timeout` the whole call in microseconds.
    `repair` holds what was wrong with the last reply to the same question, where there was one.
    """

    model: str
    instructions: str
    documents: tuple[Document, ...]
    answer: dict[str, Any]
    max_output: int = 2_000
    timeout: Span = 2 * MINUTE
    repair: str = ""


class ModelReply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: JSON text, not yet validated; the tokens, as the provider counted; the model that really served."""

    text: str
    usage: Usage
    served: str


class Model(Protocol):
    """A provider of models."""

    def price(self, name: str) -> Price | None:
        """The dearest price that can apply to a call of the model. None where none is known: it is not called then."""
        ...

    def input_bound(self, request: ModelRequest) -> int:
        """An upper bound on the tokens that the request's input can come to. Fast, and never too low."""
        ...

    async def complete(self, request: ModelRequest) -> ModelReply:
        """Ask once. Raises a Failure whose `sent` says whether the provider may have done the work."""
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
