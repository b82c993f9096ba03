"""A model that was recorded once and says the same from then on: real answers in tests, without a network or a cent.

    Cassette(path, Litellm(environment))    # asks the real model, and writes what it says into the file
    Cassette(path)                          # says it again; a question that was not recorded fails

The file is JSON that people can read, with what has the form of a key taken out of it. It goes into version control.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from anyio import to_thread

from platos.core.digest import canonical, digest
from platos.core.money import Price
from platos.core.redact import redact
from platos.errors import Broken, ConfigurationError
from platos.ports.model import Model, ModelReply, ModelRequest, Terms

__all__ = ["Cassette"]

_HOW = "record it: Cassette(path, model) with the real model, in one run of the test"
_SHOWN = 120
"""Characters of a question that nobody recorded, in the error."""

_OVERHEAD = 2_000
"""Tokens that a provider may have added to what it was sent."""

_NOT_ASKED = ("timeout", "again")
"""What a request says of how it is asked, and not of what: it may differ."""


class _Call(msgspec.Struct, kw_only=True):
    """One question and its answer. `digest` is the question's."""

    digest: str
    asked: dict[str, Any]
    reply: ModelReply


class _Tape(msgspec.Struct, kw_only=True):
    """The file: the models' prices as they were then, and the calls in their order."""

    prices: dict[str, Price]
    calls: list[_Call]


class Cassette:
    """With a model it asks and records, from an empty tape on; without one it replays.

    A question is known by the digest of what was asked. The same one asked again gets the next answer that was recorded
    for it, and the last one where there are no more. Raises ConfigurationError where there is no such file to replay,
    or it is none of these. Building one to replay reads the file: blocking.
    """

    def __init__(self, path: Path, model: Model | None = None) -> None:
        self._path = path
        self._model = model
        self._tape = _Tape(prices={}, calls=[]) if model else _read(path)
        self._heard: Counter[str] = Counter()

    def price(self, name: str) -> Price | None:
        """The model's; in a replay what it was when it was recorded, so that a test's costs stay the same."""
        return self._model.price(name) if self._model else self._tape.prices.get(name)

    def terms(self, name: str) -> Terms:
        return self._model.terms(name) if self._model else Terms("cassette")

    def input_bound(self, request: ModelRequest) -> int:
        return self._model.input_bound(request) if self._model else len(canonical(_question(request))) + _OVERHEAD

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        """Raises Broken where the question was not recorded, and when recording what the model raises."""
        if self._model is None:
            alive()
            return self._replayed(request)
        reply = await self._model.complete(request, alive)
        self._record(request, reply)
        await to_thread.run_sync(self._write)
        return reply

    async def close(self) -> None:
        if self._model is not None:
            await self._model.close()

    def _record(self, request: ModelRequest, reply: ModelReply) -> None:
        question = _question(request)
        kept = msgspec.structs.replace(reply, text=redact(reply.text))
        self._tape.calls.append(_Call(digest=digest(question), asked=question, reply=kept))
        if price := self.price(request.model):
            self._tape.prices[request.model] = price

    def _write(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._path.write_bytes(msgspec.json.format(msgspec.json.encode(self._tape), indent=2) + b"\n")

    def _replayed(self, request: ModelRequest) -> ModelReply:
        question = _question(request)
        key = digest(question)
        answers = [call.reply for call in self._tape.calls if call.digest == key]
        if not answers:
            raise Broken(_unknown(request), where=str(self._path), expected=self._known(request), hint=_HOW)
        self._heard[key] += 1
        return answers[min(self._heard[key], len(answers)) - 1]

    def _known(self, request: ModelRequest) -> str:
        """What part of the question is new, as far as one call that was recorded shows it."""
        question = _question(request)
        differ = [[key for key in question if call.asked.get(key) != question[key]] for call in self._tape.calls]
        nearest = min(differ, key=len, default=[])
        return f"what was recorded; the nearest question differs in {', '.join(nearest)}" if nearest else ""


def _unknown(request: ModelRequest) -> str:
    documents = ", ".join(document.id for document in request.documents) or "none"
    return (
        f"this question to {request.model} was not recorded: {redact(request.instructions)[:_SHOWN]!r},"
        f" documents: {documents}"
    )


def _question(request: ModelRequest) -> dict[str, Any]:
    """What was asked, as plain data, without keys and tokens of people."""
    asked = msgspec.to_builtins(request)
    return {key: _redacted(value) for key, value in asked.items() if key not in _NOT_ASKED}


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {key: _redacted(inner) for key, inner in value.items()}
    return [_redacted(inner) for inner in value] if isinstance(value, list | tuple) else value


def _read(path: Path) -> _Tape:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Tape)
    except FileNotFoundError:
        raise ConfigurationError("there is no such cassette", where=str(path), hint=_HOW) from None
    except msgspec.DecodeError as error:
        raise ConfigurationError(f"this is no cassette: {error}", where=str(path), hint=_HOW) from None
