"""A model that times out, answers late, answers nonsense, costs more than was agreed, or wants to be left alone."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import anyio

from platos.core.money import NANO, Price, Usage
from platos.errors import AuthFailed, RateLimited, Unavailable
from platos.ports.model import ModelReply, ModelRequest, Terms
from tests.simulation.world import World

__all__ = ["Oracle"]

_PRICE = Price.flat(input=NANO, output=4 * NANO, source="simulated")
_FOREVER = 1_000.0
_FAULTS = ("limited", "away", "broke", "hang", "late", "nonsense", "dear")
_RARELY = 0.01


class Oracle:
    """Says what was asked for. `asked` counts the calls that reached it."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.asked = 0

    def price(self, name: str) -> Price | None:
        return _PRICE

    def terms(self, name: str) -> Terms:
        return Terms(provider="oracle")

    def input_bound(self, request: ModelRequest) -> int:
        return len(request.instructions) + len(request.repair) + sum(len(each.text) for each in request.documents)

    async def complete(self, request: ModelRequest, alive: Callable[[], None]) -> ModelReply:
        self._world.alive()
        fault = self._world.fault(_RARELY, "locked") or self._world.fault(0.2, *_FAULTS)
        match fault:
            case "limited":
                raise RateLimited("slow down", retry_after=self._world.chance.random() * 300)
            case "away":
                raise Unavailable("nobody listens")
            case "locked":
                raise AuthFailed("this key is not known", where=request.model)
        self.asked += 1
        await self._think(fault)
        return self._reply(request, fault)

    async def _think(self, fault: str) -> None:
        if fault == "late":
            with anyio.CancelScope(shield=True):  # the answer comes all the same, after the caller has given up
                await self._world.takes(_FOREVER)
        else:
            await self._world.takes(_FOREVER if fault == "hang" else 5.0)
        if fault == "broke":
            raise Unavailable("the line broke", sent=True)

    def _reply(self, request: ModelRequest, fault: str) -> ModelReply:
        text = "I would rather not say." if fault == "nonsense" else json.dumps(self._says(request))
        tokens = 10 * request.max_output if fault == "dear" else 20
        return ModelReply(text=text, usage=Usage(input=100, output=tokens), served=request.model)

    def _says(self, request: ModelRequest) -> dict[str, Any]:
        if "signal" in request.answer["properties"]:
            return {"signal": self._world.coin(), "confidence": self._world.chance.random(), "reason": "it seems so"}
        return {"title": f"Draft {self.asked}"}

    async def close(self) -> None:
        """It holds nothing open."""
