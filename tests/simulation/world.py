"""The world around the process: what is true out there, and how unreliable it is. It goes on when the process dies."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

import anyio

__all__ = ["Cut", "World"]

T = TypeVar("T")

_SLOW = 60.0


class Cut(BaseException):
    """The process is gone: nothing in it can catch this, nothing more is written, and nothing leaves it."""


class World:
    """Chance and faults, the same for the same seed. While it is `calm` there are none; `dead` is the process."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.calm = False
        self.dead = False
        self.full = False
        self.faults = 0
        self._slow = anyio.Event()

    def alive(self) -> None:
        """Raises Cut where the process is gone: what it would do now, it does not."""
        if self.dead:
            raise Cut

    def fault(self, likely: float, *kinds: str) -> str:
        """One of these faults, now and then, or none: an empty string."""
        if self.calm or self.chance.random() >= likely:
            return ""
        self.faults += 1
        return self.chance.choice(kinds)

    def coin(self) -> bool:
        return self.chance.random() < 0.5

    def pick(self, several: Sequence[T]) -> T:
        return self.chance.choice(several)

    async def takes(self, most: float) -> None:
        """Something out there takes time, up to so many seconds."""
        if most > _SLOW:
            self._slow.set()
        await anyio.sleep(self.chance.random() * most)
        self.alive()

    async def slow(self) -> None:
        """Return as soon as something takes very long: the moment for whoever wants to disturb it."""
        self._slow = anyio.Event()
        await self._slow.wait()
