"""A provider of several models that meters by itself, and fails in every way, before it worked and after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from platos.core.instant import HOUR, MINUTE
from platos.core.money import Price, Usage
from platos.errors import AuthFailed, BillingFailed, InvalidOutput, RateLimited, TimedOut, Unavailable
from platos.ports.model import ModelReply, ModelRequest, Terms
from tests.simulation.ledger.tariff import Tariff, draw_tariff
from tests.simulation.world import World

__all__ = ["Metered", "Provider", "name_of"]

_BEFORE = ("limited", "away")
_AFTER = ("broke", "cut", "garbled", "hang", "late", "crash", "silent")
_FOREVER = 30_000.0
_SLOW = 5_000.0


@dataclass
class Metered:
    """A request as it came in. `worked` is whether any work was done for it, `said` whether the reply went out."""

    model: str
    usage: Usage
    service: str
    worked: bool
    said: bool = False


class Provider:
    """`meter` has a line for each request, by its name. One of the models has no price."""

    def __init__(self, world: World) -> None:
        self._world, chance = world, world.chance
        self.meter: dict[str, Metered] = {}
        self.tariffs: dict[str, Tariff] = {f"m{n}": draw_tariff(chance) for n in range(chance.randint(2, 4))}
        self.names = (*self.tariffs, "unpriced")
        self._faults = chance.choice((0.0, 0.1, 0.4))
        concurrency, pace = chance.choice((None, None, 2, 6)), chance.choice((None, None, 20))
        self._terms = Terms("provider", chance.choice((None, 20 * MINUTE)), 2 * HOUR, concurrency, pace)

    def price(self, name: str) -> Price | None:
        return self.tariffs[name].price() if name in self.tariffs else None

    def terms(self, name: str) -> Terms:
        return self._terms

    def input_bound(self, request: ModelRequest) -> int:
        """A model's tokens are longer or shorter than another's."""
        return len(request.instructions) * (2 + self.names.index(request.model)) // 2

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        self._world.alive()
        name = name_of(request)
        assert name not in self.meter, f"{name} was asked twice"
        before = self._world.fault(0.01, "locked", "unpaid") or self._world.fault(self._faults / 2, *_BEFORE)
        usage, service = self._usage(request), self._world.pick(("", "", "priority"))
        line = self.meter[name] = Metered(request.model, usage, service, worked=not before)
        await self._refuse(before)
        await self._work(self._world.fault(self._faults, *_AFTER), alive)
        line.said = True
        return ModelReply(text="{}", usage=usage, served=request.model, service=service)

    def _usage(self, request: ModelRequest) -> Usage:
        """Within what was agreed, but for one call in thirty."""
        chance, bound = self._world.chance, self.input_bound(request)
        read, written = chance.randint(0, bound), chance.randint(0, request.max_output)
        if chance.random() < 1 / 30:
            written = request.max_output * chance.choice((1, 6, 20)) + bound * chance.choice((0, 5)) + 1
        cached = chance.randint(0, read)
        stored = chance.randint(0, read - cached)
        thought = chance.randint(0, written)
        return Usage(
            input=read - cached - stored, cached=cached, stored=stored, output=written - thought, reasoning=thought
        )

    async def _refuse(self, fault: str) -> None:
        if fault:
            await self._world.takes(1.0)
        match fault:
            case "limited":
                raise RateLimited("slow down", retry_after=5)
            case "away":
                raise Unavailable("nobody listens")
            case "locked":
                raise AuthFailed("the key is refused")
            case "unpaid":
                raise BillingFailed("there is a bill")

    async def _work(self, fault: str, alive: Callable[[], None]) -> None:
        match fault:
            case "hang":
                await self._world.takes(_FOREVER)
            case "late":
                await self._world.takes(_SLOW)
            case "cut":
                for _ in range(self._world.chance.randint(1, 4)):
                    await self._world.takes(60.0)
                    alive()
                raise Unavailable("the stream was cut", sent=True)
        for _ in range(self._world.chance.randint(0, 3)):
            await self._world.takes(self._world.pick((0.5, 20.0, 900.0)))
            alive()
        match fault:
            case "broke":
                raise Unavailable("the line broke", sent=True)
            case "garbled":
                raise InvalidOutput("no JSON", sent=True)
            case "silent":
                raise TimedOut("no answer", sent=True)
            case "crash":
                raise RuntimeError("the client's own mistake")

    async def close(self) -> None:
        """It holds nothing open."""


def name_of(request: ModelRequest) -> str:
    """The name that a question has in the test: the first word of its instructions."""
    return request.instructions.partition(" ")[0]
