"""Mailboxes: the bounded inbox of a live actor. Memory: what must survive is a node's input or output, or an `ask`."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

import anyio

__all__ = ["Mailbox"]

M = TypeVar("M")


class Mailbox(Generic[M]):
    """First in, first out, at most `bound` messages: a sender waits while it is full."""

    def __init__(self, bound: int = 64) -> None:
        self._messages: deque[M] = deque()
        self._bound = bound
        self._room = anyio.Condition()

    def __len__(self) -> int:
        return len(self._messages)

    async def put(self, message: M) -> None:
        """Leave a message, as soon as there is room."""
        async with self._room:
            while len(self._messages) >= self._bound:
                await self._room.wait()
            self._messages.append(message)

    async def take(self) -> M | None:
        """The oldest message, or None where there is none."""
        async with self._room:
            if not self._messages:
                return None
            message = self._messages.popleft()
            self._room.notify()
            return message
