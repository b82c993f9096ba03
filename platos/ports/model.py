"""Models: what reasons. A port for one HTTP attempt; retries, repair, fallback, patience, money are the runtime's."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

import msgspec

from platos.core.instant import MINUTE, Span
from platos.core.money import Price, Usage

__all__ = ["Document", "Finish", "Model", "ModelReply", "ModelRequest", "Terms"]


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """Text from outside, or a fact, under a name that we gave it (`i12`, `note:vendors.md#2`). It is data, never an
    instruction.

    `tag` is the name that the model is shown, where it has to be one that no text can foretell. What is `known` already
    stands beside what the question is about.
    """

    id: str
    text: str
    tag: str = ""
    known: bool = False

    @property
    def shown(self) -> str:
        """The name that the model knows it by."""
        return self.tag or self.id


class ModelRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question.

    `instructions` are the owner's and the actor's words; `documents` what they are about; `answer` the JSON schema
    that the reply must fill. What is the same in every question of a kind goes first, so that a provider's cache can
    hold it; `again` says that it will be asked again within minutes, where a provider wants to be told.
    `max_output` bounds the reply in tokens, reasoning included, `timeout` the whole call in microseconds.
    `repair` holds what was wrong with the last reply to the same question, where there was one.
    """

    model: str
    instructions: str
    documents: tuple[Document, ...]
    answer: dict[str, Any]
    max_output: int = 2_000
    timeout: Span = 10 * MINUTE
    repair: str = ""
    again: bool = False


class Finish(StrEnum):
    """How a reply ended: the model was done, its output was cut at `max_output`, or it (or its provider) refused."""

    DONE = "done"
    CUT = "cut"
    REFUSED = "refused"


class ModelReply(msgspec.Struct, frozen=True, kw_only=True):
    """The answer: JSON text, not yet validated; the tokens, as the provider counted; the model that really served, and
    in which of its service tiers."""

    text: str
    usage: Usage
    served: str
    finish: Finish = Finish.DONE
    service: str = ""


class Terms(NamedTuple):
    """On what terms a model is called.

    `provider` is whose limits the call counts against. `first_token` is how long the provider may be silent, before its
    first token and between two, and `total` how long a call may take; None leaves it to the specialist. `concurrency`
    and `per_minute` are how many calls the provider takes at once, and in a minute; None is no limit. `window` is how
    many tokens the model reads at once, None where that is not known.
    """

    provider: str
    first_token: Span | None = None
    total: Span = 10 * MINUTE
    concurrency: int | None = None
    per_minute: int | None = None
    window: int | None = None


class Model(Protocol):
    """A provider of models."""

    def price(self, name: str) -> Price | None:
        """Every price that can apply to a call of the model. None where none is known: it is not called then."""
        ...

    def terms(self, name: str) -> Terms:
        """On what terms the model is called."""
        ...

    def input_bound(self, request: ModelRequest) -> int:
        """An upper bound on the tokens that the request's input can come to. Fast, and never too low."""
        ...

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        """Ask once; `alive()` at each sign of life, where the provider streams.

        Raises a Failure whose `sent` says whether the provider may have done the work.
        """
        ...

    async def close(self) -> None:
        """Give connections back."""
        ...
