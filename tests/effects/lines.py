"""Tools that write over a line which others write over too: one re-reads it, one compares, one says that it does."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar

import anyio.lowlevel
from pydantic import BaseModel

from platos.core.effect import EffectClass, Receipt
from platos.errors import StaleWorld

__all__ = ["Blind", "Compared", "Reread"]


class Words(BaseModel):
    """What is written."""

    text: str


class Reread:
    """What stands there is a precondition: it is read again before the act, and no more. `unseen` are the seconds from
    when it was read last to the act."""

    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False
    effect: ClassVar[EffectClass] = EffectClass.PROBED
    Arguments: ClassVar[type[BaseModel]] = Words

    def __init__(self) -> None:
        self.line = "before"
        self.unseen = self._read = 0.0

    async def call(self, arguments: Words, key: str) -> Receipt:
        await anyio.lowlevel.checkpoint()
        self.line, self.unseen = arguments.text, time.perf_counter() - self._read
        return Receipt(summary="written")

    async def probe(self, arguments: Words, key: str) -> Receipt | None:
        return Receipt(summary="written") if self.line == arguments.text else None

    async def observe(self, arguments: Words) -> dict[str, str]:
        await anyio.lowlevel.checkpoint()
        self._read = time.perf_counter()
        return {"line": self.line}


class Compared(Reread):
    """What stands there is compared in the same breath in which it is written over."""

    async def call_if(self, arguments: Words, key: str, world: Mapping[str, str]) -> Receipt:
        await anyio.lowlevel.checkpoint()
        if dict(world) != {"line": self.line}:
            raise StaleWorld("the line has changed since it was looked at", expected=str(world))
        self.line = arguments.text
        return Receipt(summary="written")


class Blind(Reread):
    """Planted: it says that it compares, and does not."""

    async def call_if(self, arguments: Words, key: str, world: Mapping[str, str]) -> Receipt:
        return await self.call(arguments, key)
