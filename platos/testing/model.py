"""A scripted model, and the contract that every model keeps."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from platos.core.money import NANO, Price, Usage, worst_case
from platos.errors import Broken, Failure
from platos.ports.model import Model, ModelReply, ModelRequest, Terms

__all__ = ["Scripted", "check_model"]

Turn = str | dict[str, Any] | ModelReply | Failure
Script = Sequence[Turn] | Mapping[str, Turn] | Callable[[ModelRequest], Turn]


class Scripted:
    """A model that says what a test wrote.

    `script` is a list of turns, one a call; or turns by a word that stands in the instructions; or a function of the
    request. A turn is JSON text, an object, a whole ModelReply, or a Failure to raise. `requests` are the calls, in
    order, those that failed included. A token is a word.
    """

    def __init__(self, script: Script, *, price: Price | None = None) -> None:
        self._script = script
        self._price = price or Price.flat(input=NANO, output=4 * NANO, source="scripted")
        self.requests: list[ModelRequest] = []

    def price(self, name: str) -> Price | None:
        """The same for every name: 1 and 4 US dollars for a million tokens where the test wrote nothing else."""
        return self._price

    def input_bound(self, request: ModelRequest) -> int:
        return sum(map(len, _input(request)))

    def terms(self, name: str) -> Terms:
        return Terms(provider="scripted")

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        self.requests.append(request)
        turn = self._turn(request)
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
    price = part.price(request.model)
    assert price is not None, f"no price is known for {request.model}, so it would never be called"
    priced = worst_case(price, 1, 0) > 0 and worst_case(price, 0, 1) > 0
    assert price.free or priced, "a price of zero that nobody declared free"
    bound = part.input_bound(request)
    reply = await part.complete(request, lambda: None)
    assert 0 <= reply.usage.read <= bound, f"{reply.usage.read} tokens of input, where at most {bound} were expected"
    assert 0 <= reply.usage.written <= request.max_output, f"{reply.usage.written} tokens of output: over max_output"
    assert isinstance(json.loads(reply.text), dict), "the answer is no JSON object"
    assert reply.served, "the reply does not say which model served it"
    await part.close()
    await part.close()
    return reply
