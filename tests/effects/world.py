"""The world that counts: what it was asked to do, and what it really did. It goes on when the process dies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import ClassVar

import anyio
from pydantic import BaseModel

from platos.core.effect import EffectClass, Receipt
from platos.errors import Unavailable

__all__ = ["WIRE", "Cut", "Deed", "World"]

WIRE = ("reply lost", "failed after applying", "delivered twice", "timeout", "late reply")
"""What becomes of a request on its way. `delivered twice`: two branches of one run ask for the same act at once, and
what carries a key, or changes nothing, also comes twice over the wire. All but `timeout` happened, out there."""

_LATE = 3_600.0


class Cut(BaseException):
    """The process is gone: nothing in it can catch this, and nothing leaves it."""


class Deed(BaseModel):
    """What is to be done, once for each `about`; `words` are how it is said."""

    about: str
    words: str


class World:
    """A tool of any class, and what is behind it. `wire` are the faults of its calls, in order; then there are none.

    `done` counts what really happened, by what it is about: also what two keys did twice. `asked` are the words that
    came. `cut` is called when a request has been dealt with, and may end the process.
    """

    once_per: ClassVar[tuple[str, ...]] = ("about",)
    repeatable: ClassVar[bool] = False
    Arguments: ClassVar[type[BaseModel]] = Deed

    def __init__(self, effect: EffectClass, wire: Sequence[str] = (), cut: Callable[[], None] = lambda: None) -> None:
        self.effect = effect
        self.wire = list(wire)
        self.cut = cut
        self.dead = False
        self.done: Counter[str] = Counter()
        self.asked: dict[str, set[str]] = {}
        self._keys: set[str] = set()

    def alive(self) -> None:
        """Raises Cut where the process is gone."""
        if self.dead:
            raise Cut

    async def call(self, arguments: Deed, key: str) -> Receipt:
        self.alive()
        fault = self.wire.pop(0) if self.wire else ""
        await anyio.sleep(1)
        self.alive()
        self.asked.setdefault(arguments.about, set()).add(arguments.words)
        if fault != "timeout":
            self._do(arguments.about, key)
        if fault == "delivered twice" and self.effect in (EffectClass.READ, EffectClass.KEYED):
            self._do(arguments.about, key)
        self.cut()
        match fault:
            case "reply lost":
                raise Unavailable("the line broke", sent=True)
            case "failed after applying":
                raise RuntimeError("the tool says that it failed")
            case "timeout" | "late reply":
                await anyio.sleep(_LATE)
        return Receipt(summary=f"done: {arguments.about}", data={"key": key})

    async def probe(self, arguments: Deed, key: str) -> Receipt | None:
        self.alive()
        there = key in self._keys
        return Receipt(summary=f"done: {arguments.about}", data={"key": key}) if there else None

    async def observe(self, arguments: Deed) -> dict[str, str]:
        self.alive()
        return {}

    def _do(self, about: str, key: str) -> None:
        if self.effect is EffectClass.KEYED and key in self._keys:
            return
        self._keys.add(key)
        self.done[about] += 1
