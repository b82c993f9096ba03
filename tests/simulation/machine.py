"""A tool of any class that fails before or after it acted, hangs, or acts once its caller has given up."""

from __future__ import annotations

from typing import ClassVar

import anyio
from pydantic import BaseModel

from platos.core.effect import EffectClass, Receipt
from platos.errors import Unavailable
from tests.simulation.world import World

__all__ = ["Machine"]

_PATIENCE = 200.0
"""Seconds, longer than the runtime waits for a tool."""


class Order(BaseModel):
    """What is to be done."""

    name: str
    text: str


class Machine:
    """`applied` are the keys of what it really did, one for each time. Its world changes now and then: `version`."""

    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False
    Arguments: ClassVar[type[BaseModel]] = Order

    def __init__(self, world: World, effect: EffectClass) -> None:
        self._world = world
        self.effect = effect
        self.applied: list[str] = []
        self.version = 0

    async def call(self, arguments: BaseModel, key: str) -> Receipt:
        self._world.alive()
        fault = self._world.fault(0.2, "before", "after", "hang", "late", "crash")
        await self._world.takes(5.0)
        if fault == "before":
            raise Unavailable("nobody listens")
        if fault == "late" and self.effect is not EffectClass.PROBED:  # a probe in between would not find it
            with anyio.CancelScope(shield=True):
                await self._world.takes(_PATIENCE)
        if key not in self.applied or self.effect is not EffectClass.KEYED:
            self.applied.append(key)
        await self._after(fault)
        return Receipt(summary="it is done", data={"key": key})

    async def _after(self, fault: str) -> None:
        if fault == "hang":
            await self._world.takes(_PATIENCE)
        if fault == "after":
            raise Unavailable("the line broke", sent=True)
        if fault == "crash":
            raise RuntimeError("the tool's own mistake")

    async def probe(self, arguments: BaseModel, key: str) -> Receipt | None:
        self._world.alive()
        return Receipt(summary="it is done", data={"key": key}) if key in self.applied else None

    async def observe(self, arguments: BaseModel) -> dict[str, str]:
        self._world.alive()
        return {"version": str(self.version)}
