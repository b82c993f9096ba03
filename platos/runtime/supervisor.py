"""The supervisor: starts live actors, restarts those that crash, a bounded number of times, and stops them all.

A live actor is a mailbox and a behaviour. It holds a task only while it has mail.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, cast

import anyio
from anyio.abc import TaskGroup

from platos.errors import Broken, Failure
from platos.runtime.mailbox import Mailbox

__all__ = ["Ref", "Supervisor"]

log = logging.getLogger("platos")

M = TypeVar("M")
R = TypeVar("R")


class _Letter(Generic[M, R]):
    """A message that somebody waits on."""

    def __init__(self, message: M) -> None:
        self.message = message
        self.answered = anyio.Event()
        self.answer: R | None = None
        self.error: Failure | None = None


class Ref(Generic[M, R]):
    """The address of a live actor."""

    def __init__(self, name: str, behaviour: Callable[[M], Awaitable[R]], tasks: TaskGroup, crashes: int) -> None:
        self.name = name
        self._behaviour, self._tasks, self._crashes = behaviour, tasks, crashes
        self._mailbox: Mailbox[_Letter[M, R]] = Mailbox()
        self.awake = False

    async def ask(self, message: M) -> R:
        """Send, and wait for the answer. Raises the actor's Failure; Broken where it crashed too often."""
        letter: _Letter[M, R] = _Letter(message)
        await self._mailbox.put(letter)
        if not self.awake:
            self.awake = True
            self._tasks.start_soon(self._live, name=self.name)
        await letter.answered.wait()
        if letter.error is not None:
            raise letter.error
        return cast(R, letter.answer)

    async def _live(self) -> None:
        """Answer letter after letter, until there are none."""
        while (letter := self._mailbox.take()) is not None:
            try:
                letter.answer = await self._behave(letter.message)
            except Failure as failure:
                letter.error = failure
            letter.answered.set()
        self.awake = False

    async def _behave(self, message: M) -> R:
        """The behaviour's answer; after a crash it begins anew, and finds its finished steps done."""
        for start in range(1, self._crashes + 1):
            try:
                return await self._behaviour(message)
            except Failure:
                raise
            except Exception as crash:  # noqa: BLE001 - whatever a behaviour does, the supervisor answers
                error = crash
                log.warning("%s crashed (%s: %s), start %d", self.name, type(crash).__name__, crash, start)
        raise Broken(f"it crashed {self._crashes} times, last with {type(error).__name__}: {error}", where=self.name)


class Supervisor:
    """Owns the live actors of one run; they end with its task group. `crashes` is how often one may crash."""

    def __init__(self, tasks: TaskGroup, *, crashes: int) -> None:
        self._tasks, self._crashes = tasks, crashes
        self._started: list[Ref[Any, Any]] = []

    def start(self, name: str, behaviour: Callable[[M], Awaitable[R]]) -> Ref[M, R]:
        """A live actor of that name."""
        started = Ref(name, behaviour, self._tasks, self._crashes)
        self._started.append(started)
        return started

    def stop(self) -> None:
        """End those that are still at work. The others hold no task."""
        if any(actor.awake for actor in self._started):
            self._tasks.cancel_scope.cancel()
