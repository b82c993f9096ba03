"""Mailboxes: the bounded inbox of a live actor. Memory: what must survive is a node's input or output, or an `ask`."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

import anyio

__all__ = ["Mailbox"]

M = TypeVar("M")


class Mailbox(Generic[M]):
    """First in, first out, at most `bound` messages. While it is full senders wait, in line: each room goes to who has
    waited longest, and nobody overtakes."""

    __slots__ = ("_bound", "_line", "_messages")

    def __init__(self, bound: int = 64) -> None:
        self._messages: deque[M] = deque()
        self._bound = bound
        self._line: OrderedDict[anyio.Event, M] | None = None

    def __len__(self) -> int:
        return len(self._messages)

    def post(self, message: M) -> bool:
        """Leave a message where there is room now. Was there?"""
        if len(self._messages) >= self._bound:
            return False
        self._messages.append(message)
        return True

    async def put(self, message: M) -> None:
        """Leave a message, as soon as there is room. Who is cancelled while it waits in line has left none."""
        if self.post(message):
            return
        if self._line is None:
            self._line = OrderedDict()
        room = anyio.Event()
        self._line[room] = message
        try:
            await room.wait()
        finally:
            self._line.pop(room, None)

    def take(self) -> M | None:
        """The oldest message, or None where there is none. The next in line has its room."""
        if not self._messages:
            return None
        message = self._messages.popleft()
        if self._line:
            room, waiting = self._line.popitem(last=False)
            self._messages.append(waiting)
            room.set()
        return message

    def empty(self) -> list[M]:
        """Take everything out, with what waits in line: nobody waits any more."""
        taken = []
        while (message := self.take()) is not None:
            taken.append(message)
        return taken
