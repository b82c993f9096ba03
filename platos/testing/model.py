"""A scripted model, and the contract that every model keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from platos.core.money import NANO, Price, Usage
from platos.errors import Broken, Failure
from platos.ports.model import Finish, Model, ModelReply, ModelRequest, Terms

__all__ = ["Scripted", "check_model"]

Turn = str | dict[str, Any] | ModelReply | Failure
Script = Sequence[Turn] | Mapping[str, Turn] | Callable[[ModelRequest], Turn]


class Scripted:
    """A model that says what a test wrote.

    `script` is a list of turns, one a call; or turns by a word that stands in the instructions; or a function of the
    request. A turn is JSON text, an object, a whole ModelReply, or a Failure to raise. `requests` are the calls, in
    order, those that failed included. A token is a word. `terms` are those of a provider `scripted` without limits
    where the test wrote none.
    """

    def __init__(self, script: Script, *, price: Price | None = None, terms: Terms | None = None) -> None:
        self._script = script
        self._terms = terms or Terms("scripted")
        self._price = price or Price.flat(input=NANO, output=4 * NANO, source="scripted")
        self.requests: list[ModelRequest] = []

    def price(self, name: str) -> Price | None:
        """The same for every name: 1 and 4 US dollars for a million tokens where the test wrote nothing else."""
        return self._price

    def terms(self, name: str) -> Terms:
        """The same for every name."""
        return self._terms

    def input_bound(self, request: ModelRequest) -> int:
        return sum(map(len, _input(request)))

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        self.requests.append(request)
        turn = self._turn(request)
        alive()
        if isinstance(turn, Failure):
            raise turn
        if isinstance(turn, ModelReply):
            return turn
        text = turn if isinstance(turn, str) else json.dumps(turn)
        usage = Usage(input=sum(map(_words, _input(request))), output=_words(text))
        return ModelReply(text=text, usage=usage, served=request.model)

    async def close(self) -> None:
        """It holds nothing open."""

    def _turn(self, request: ModelRequest) -> Turn:
        if callable(self._script):
            return self._script(request)
        if isinstance(self._script, Mapping):
            found = [turn for word, turn in self._script.items() if word in request.instructions]
            return found[0] if found else Broken("the script has no word that stands in the instructions")
        asked = len(self.requests)
        return self._script[asked - 1] if asked <= len(self._script) else Broken(f"the script has no turn {asked}")


def _input(request: ModelRequest) -> list[str]:
    return [request.instructions, request.repair, *(document.text for document in request.documents)]


def _words(text: str) -> int:
    return len(text.split())


async def check_model(part: Model, request: ModelRequest) -> ModelReply:
    """The contract of a model, against one request that it can answer. Raises AssertionError; gives the reply back."""
    _check_price(part.price(request.model))
    assert part.terms(request.model).provider, "the terms do not say whose limits the calls count against"
    bound = part.input_bound(request)
    reply = await part.complete(request, _nothing)
    _check_usage(reply.usage, bound, request.max_output)
    assert reply.finish is Finish.DONE, f"the answer did not come to its end: {reply.finish}"
    assert isinstance(json.loads(reply.text), dict), "the answer is no JSON object"
    assert reply.served, "the reply does not say which model served it"
    await part.close()
    await part.close()
    return reply


def _check_price(price: Price | None) -> None:
    assert price is not None, "no price is known for the model, so it would never be called"
    assert any(not band.service and not band.above for band in price.bands), "no price holds for a short, usual call"
    rates = [rate for band in price.bands for rate in msgspec.structs.astuple(band.rates)]
    assert price.free or min(rates) > 0, "a price of zero that nobody declared free"


def _check_usage(usage: Usage, bound: int, max_output: int) -> None:
    assert min(msgspec.structs.astuple(usage)) >= 0, f"a count of tokens is negative: {usage}"
    assert usage.read <= bound, f"{usage.read} tokens of input, where at most {bound} were expected"
    assert usage.written <= max_output, f"{usage.written} tokens of output, where {max_output} were allowed"


def _nothing() -> None:
    """Nobody asks for signs of life."""
