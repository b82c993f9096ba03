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
        self._room: anyio.Event | None = None

    def __len__(self) -> int:
        return len(self._messages)

    async def put(self, message: M) -> None:
        """Leave a message, as soon as there is room."""
        while len(self._messages) >= self._bound:
            self._room = self._room or anyio.Event()
            await self._room.wait()
        self._messages.append(message)

    def take(self) -> M | None:
        """The oldest message, or None where there is none."""
        if not self._messages:
            return None
        if self._room is not None:
            self._room.set()
            self._room = None
        return self._messages.popleft()
