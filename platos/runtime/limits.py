"""Limits: how many calls a provider takes at once, and in a minute; shared by all specialists.

They are limits of input and output, in real time: who waits here holds no money, and has sent nothing.
"""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager

import anyio

from platos.ports.model import Terms

__all__ = ["Limits"]

_MINUTE = 60.0


class Limits:
    """The turns of every provider."""

    def __init__(self) -> None:
        self._rooms: dict[str, anyio.CapacityLimiter] = {}
        self._begun: dict[str, deque[float]] = {}

    @asynccontextmanager
    async def turn(self, terms: Iterable[Terms]) -> AsyncIterator[None]:
        """A turn at each of these providers, for as long as the block lasts."""
        async with AsyncExitStack() as turns:
            for each in _in_order(terms):
                await self._take(each, turns)
            yield

    async def _take(self, terms: Terms, turns: AsyncExitStack) -> None:
        if terms.concurrency is not None:
            borrower = object()  # not the task: one task may make several calls at once
            room = self._room(terms)
            await room.acquire_on_behalf_of(borrower)
            turns.callback(room.release_on_behalf_of, borrower)
        if terms.per_minute is not None:
            await self._pace(terms.provider, terms.per_minute)

    def waiting(self) -> dict[str, int]:
        """How many calls wait for a turn, by provider."""
        return {name: room.statistics().tasks_waiting for name, room in self._rooms.items()}

    def _room(self, terms: Terms) -> anyio.CapacityLimiter:
        assert terms.concurrency is not None
        if terms.provider not in self._rooms:
            self._rooms[terms.provider] = anyio.CapacityLimiter(terms.concurrency)
        return self._rooms[terms.provider]

    async def _pace(self, provider: str, per_minute: int) -> None:
        """Begin no more than so many calls in any minute: each has its moment, and waits for it."""
        begun = self._begun.setdefault(provider, deque(maxlen=per_minute))
        now = anyio.current_time()
        moment = max(now, begun[0] + _MINUTE) if len(begun) == per_minute else now
        begun.append(moment)
        await anyio.sleep(moment - now)


def _in_order(terms: Iterable[Terms]) -> list[Terms]:
    """Each provider once, and always in one order: nobody waits in a circle."""
    return sorted({each.provider: each for each in terms}.values(), key=lambda each: each.provider)
