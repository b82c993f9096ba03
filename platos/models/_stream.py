"""Reading a reply that comes in pieces, in OpenAI's form, which litellm gives all of them.

A stream that ends before it says why has been cut: what came until then is not an answer.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import aclosing, suppress
from typing import Any

import anyio
import msgspec

from platos.errors import Unavailable
from platos.ports.model import Finish

__all__ = ["Answer", "read_answer"]

_DATA = b"data:"
_END = b"[DONE]"
_FINISHES = {
    "length": Finish.CUT,
    "max_tokens": Finish.CUT,
    "content_filter": Finish.REFUSED,
    "refusal": Finish.REFUSED,
}
_USUAL_SERVICE = {"default", "auto", "standard", "on_demand"}
_SAME_SERVICE = {"fast": "priority"}
_LONGEST = 300
_AT_HAND = 1.0
"""Seconds for the end of a response whose last event has come."""

Chunk = Mapping[str, Any]


class Answer:
    """What the pieces add up to. `finish` is empty until the provider says why it ends; `usage` where it says none."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._refused = False
        self._finish = ""
        self.usage: Chunk = {}
        self.served = ""
        self._service = ""

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    @property
    def ended(self) -> bool:
        """Has the provider said that it is over?"""
        return bool(self._finish)

    @property
    def finish(self) -> Finish:
        return Finish.REFUSED if self._refused else _FINISHES.get(self._finish, Finish.DONE)

    @property
    def service(self) -> str:
        """The service tier by the price list's name; empty is the usual one."""
        name = self._service.lower()
        return "" if name in _USUAL_SERVICE else _SAME_SERVICE.get(name, name)

    def add(self, chunk: Chunk) -> None:
        """A piece: what is said in it, and what is told about the whole. A later word replaces an earlier one."""
        for choice in chunk.get("choices") or ():
            said = choice.get("delta") or choice.get("message") or {}
            self._pieces.append("" + (said.get("content") or ""))
            self._refused = self._refused or bool(said.get("refusal"))
            self._finish = choice.get("finish_reason") or self._finish
        self.usage = chunk.get("usage") or self.usage
        self.served = chunk.get("model") or self.served
        self._service = chunk.get("service_tier") or self._service


async def read_answer(stream: Any, model: str, alive: Callable[[], None]) -> Answer:
    """The whole answer of one of litellm's streams; `alive()` at each piece.

    Raises Unavailable, as sent, where it is cut or cannot be read, and whatever litellm raises.
    """
    answer = Answer()
    async with aclosing(stream), aclosing(_chunks(stream)) as chunks:
        async for chunk in chunks:
            alive()
            _add(answer, chunk, model)
    if not answer.ended:
        raise Unavailable("the answer was cut off", where=model, sent=True)
    return answer


def _add(answer: Answer, chunk: Any, model: str) -> None:
    try:
        error = chunk.get("error")
        answer.add(chunk)
    except (AttributeError, TypeError) as wrong:
        raise Unavailable("a piece of the answer has another form", where=model, sent=True) from wrong
    if error:
        raise Unavailable(f"the provider broke off: {str(error)[:_LONGEST]}", where=model, sent=True)


def _chunks(stream: Any) -> AsyncGenerator[Chunk, None]:
    """Where the provider speaks OpenAI's form itself, its own bytes: taking them through two libraries' objects costs
    more than all the rest of a call."""
    response = getattr(stream.completion_stream, "response", None)
    native = response is not None and stream.custom_llm_provider in ("openai", "azure")
    return _told(response) if native else _translated(stream)


async def _told(response: Any) -> AsyncGenerator[Chunk, None]:
    """The events of the response; its whole body where the server does not stream."""
    if "text/event-stream" not in response.headers.get("content-type", ""):
        yield msgspec.json.decode(await response.aread())
        return
    async with aclosing(_lines(response)) as lines:
        async for line in lines:
            data = line.removeprefix(_DATA).strip()
            if data == _END:
                await _drain(lines)
                return
            if line.startswith(_DATA):
                yield msgspec.json.decode(data)


async def _drain(lines: AsyncGenerator[bytes, None]) -> None:
    """Read to the end of the response, so that its connection can be used again. The answer is whole by then."""
    with anyio.move_on_after(_AT_HAND), suppress(Exception):
        async for _ in lines:
            pass


async def _lines(response: Any) -> AsyncGenerator[bytes, None]:
    rest = b""
    async with aclosing(response.aiter_bytes()) as pieces:
        async for piece in pieces:
            *whole, rest = (rest + piece).split(b"\n")
            for line in whole:
                yield line
    yield rest


async def _translated(stream: Any) -> AsyncGenerator[Chunk, None]:
    """litellm's own pieces. It makes up a finish and counts tokens where the provider told none: these are left out."""
    usage = None
    async for chunk in stream:
        told = chunk.model_dump()
        usage = told.pop("usage", None) or usage
        for choice in told["choices"]:
            choice.pop("finish_reason", None)
        yield told
    counted = any(getattr(chunk, "usage", None) for chunk in stream.chunks)
    finish = stream.received_finish_reason or stream.intermittent_finish_reason
    yield {"choices": [{"finish_reason": finish}], "usage": usage if counted else None}
