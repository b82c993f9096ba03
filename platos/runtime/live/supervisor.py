"""The supervisor: starts live actors, restarts those that crash, a bounded number of times, and stops them all.

A live actor is a mailbox and a behaviour. It holds a task only while it has mail; one that is asked a single thing, by
one, needs neither.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Generic, NamedTuple, TypeVar, cast

import anyio
from anyio.abc import TaskGroup
from anyio.lowlevel import checkpoint, checkpoint_if_cancelled

from platos.errors import Broken, Failure, TimedOut
from platos.runtime.live.contain import contain
from platos.runtime.live.mailbox import Mailbox
from platos.runtime.live.patience import Patience
from platos.runtime.one_error import one_error

__all__ = ["Hooks", "Ref", "Supervisor", "supervision"]

log = logging.getLogger("platos")

M = TypeVar("M")
R = TypeVar("R")


class Hooks(NamedTuple):
    """What is called in a live actor's life: before its first message, before each restart with what it crashed of,
    and once it has ended. They are not awaited: what takes time is the behaviour's. A hook that raises is a crash."""

    started: Callable[[], None] = lambda: None
    restarting: Callable[[BaseException], None] = lambda crash: None
    stopped: Callable[[], None] = lambda: None


_NO_HOOKS = Hooks()


class _Letter(Generic[M, R]):
    """A message under way. `answered` is there where somebody waits; `settled` tells that nobody does any more."""

    __slots__ = ("answer", "answered", "error", "late", "message", "settled")

    def __init__(self, message: M, answered: asyncio.Future[None] | None = None) -> None:
        self.message, self.answered = message, answered
        self.answer: R | None = None
        self.error: Failure | None = None
        self.settled = self.late = False

    def settle(self, answer: R | None = None, error: Failure | None = None) -> None:
        """The answer, or why there is none. What comes after the first is dropped."""
        if not self.settled:
            self.settled, self.answer, self.error = True, answer, error
            if self.answered is not None and not self.answered.done():
                self.answered.set_result(None)

    def expire(self) -> None:
        """Its time is over."""
        self.late = True
        self.settle()


class Ref(Generic[M, R]):
    """The address of a live actor."""

    __slots__ = (
        "_behaviour",
        "_crashes",
        "_ended",
        "_hooks",
        "_letter",
        "_mailbox",
        "_scope",
        "_started",
        "_supervisor",
        "awake",
        "name",
    )

    def __init__(
        self, name: str, behaviour: Callable[[M], Awaitable[R]], supervisor: Supervisor, hooks: Hooks, bound: int
    ) -> None:
        self.name = name
        self.awake = False
        self._behaviour, self._supervisor, self._hooks = behaviour, supervisor, hooks
        self._mailbox: Mailbox[_Letter[M, R]] = Mailbox(bound)
        self._letter: _Letter[M, R] | None = None
        self._scope: anyio.CancelScope | None = None
        self._crashes: list[float] | None = None
        self._started = False
        self._ended = ""

    async def ask(self, message: M, *, timeout: float | None = None) -> R:  # noqa: ASYNC109 - a scope costs more
        """Send, and wait for the answer, at most `timeout` seconds. A message that nobody waits on any more is not
        begun; one that was begun is worked on, and its answer dropped.

        Raises the actor's Failure; TimedOut; Broken where it crashed too often or was stopped.
        """
        answered = asyncio.get_running_loop().create_future()
        letter: _Letter[M, R] = _Letter(message, answered)
        deadline = math.inf if timeout is None else anyio.current_time() + timeout
        try:
            if self._ended or not self._mailbox.post(letter):
                with anyio.CancelScope(deadline=deadline) as room:
                    await self._line_up(letter)
                if room.cancelled_caught:
                    raise TimedOut(f"no room in its mailbox within {timeout:g} s", where=self.name)
            if not letter.settled:
                if timeout is not None:
                    self._supervisor.patience.expect(letter, deadline)
                if not self.awake:
                    self._wake()
                await answered
        finally:
            letter.settled = True
        if letter.error is not None:
            await checkpoint_if_cancelled()  # who is cancelled with the actor is not told that it failed
            raise letter.error
        if letter.late:
            raise TimedOut(f"no answer within {timeout:g} s", where=self.name, sent=True)
        return cast(R, letter.answer)

    async def tell(self, message: M) -> None:
        """Send, as soon as there is room, and do not wait for an answer. Raises Broken where the actor has ended."""
        letter: _Letter[M, R] = _Letter(message)
        if self._ended or not self._mailbox.post(letter):
            await self._line_up(letter)
        if letter.error is not None:
            raise letter.error
        if not self.awake:
            self._wake()

    def stop(self) -> None:
        """End it where it is, also in the middle of a message. Who waits for it is told; it takes no more."""
        self.cancel()
        self.end("it was stopped")

    async def _line_up(self, letter: _Letter[M, R]) -> None:
        """Wait for room. A letter to an actor that has ended is settled."""
        if not self._ended:
            await self._mailbox.put(letter)
        if self._ended:
            await checkpoint()
            letter.settle(error=self._broken())

    def _wake(self) -> None:
        self._supervisor.wake(self._live, self.name)
        self.awake = True

    async def _live(self) -> None:
        """Answer letter after letter, until there are none."""
        try:
            with anyio.CancelScope() as self._scope:
                while (letter := self._mailbox.take()) is not None:
                    if not letter.settled:
                        self._letter = letter
                        await self._answer(letter)
                        self._letter = None
                    if self._ended:
                        break
                    await checkpoint()  # all others have their turn; who was answered may ask again
        except anyio.get_cancelled_exc_class():
            self.end("its supervisor has ended")
            raise
        finally:  # what ends the process is no answer: nobody is told of it as of a failure
            self.awake, self._scope = False, None
            self._supervisor.asleep()
            if self._ended:
                self._say_stopped()

    async def _answer(self, letter: _Letter[M, R]) -> None:
        """Settle a letter by the behaviour. After a crash it begins anew, and finds its finished steps done."""
        crash: BaseException | None = None
        while not letter.settled:
            try:
                if not self._started:
                    self._started = True
                    self._hooks.started()
                elif crash is not None:
                    self._hooks.restarting(crash)
                letter.settle(await self._behaviour(letter.message))
            except Failure as failure:
                if letter.answered is None:
                    log.warning("%s failed, and nobody waits for it: %s", self.name, failure)
                letter.settle(error=failure)
            except GeneratorExit:  # it may be the end of this task, in which nothing can be awaited any more
                self.end("it was closed, or leaked a GeneratorExit")
            except anyio.get_cancelled_exc_class() as leaked:
                if anyio.current_effective_deadline() == -math.inf:
                    raise
                letter.settle(error=Broken(f"it leaked {type(leaked).__name__}", where=self.name))
            except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a behaviour does, the supervisor answers
                crash = error
                self._crashed(crash)

    def _crashed(self, crash: BaseException) -> None:
        """Count a crash. Raises Broken at the limit, where it is told to who started the actor."""
        supervisor = self._supervisor
        if self._crashes is None:
            self._crashes = []
        why = supervisor.count(self.name, self._crashes, crash)
        if why:
            self.end(why)
            if supervisor.escalate:
                raise self._broken() from crash

    def cancel(self) -> None:
        """Leave the message that it is at, and nothing else yet. Between two its task ends by itself."""
        if self._scope is not None and self._letter is not None:
            self._scope.cancel()

    def end(self, why: str) -> None:
        """It takes no more letters, and every one that it has is settled."""
        if self._ended:
            return
        self._ended = why
        self._supervisor.forget(self)
        letters = self._mailbox.empty()
        unread = sum(letter.answered is None for letter in letters)
        if unread:
            log.warning("%s ended before it read %d messages: %s", self.name, unread, why)
        for letter in [self._letter, *letters] if self._letter is not None else letters:
            letter.settle(error=self._broken())
        if not self.awake:
            self._say_stopped()

    def _broken(self) -> Broken:
        return Broken(self._ended, where=self.name)

    def _say_stopped(self) -> None:
        if self._started:
            self._started = False
            try:
                self._hooks.stopped()
            except Exception:
                log.exception("the hook of %s that it has stopped", self.name)


class Supervisor:
    """Owns live actors; they end with its task group.

    One that crashes is started again; at its `crashes`-th crash in `within` seconds it ends. Where `escalate` is set,
    that comes as Broken out of the task group, to who started the supervisor, and all others end too.
    """

    def __init__(self, tasks: TaskGroup, *, crashes: int, within: float = math.inf, escalate: bool = False) -> None:
        self.tasks, self.crashes, self.within, self.escalate = tasks, max(crashes, 1), within, escalate
        self.patience = Patience(tasks)
        self._actors: dict[Ref[Any, Any], None] = {}
        self._awake = 0
        self._stopped = False

    def start(
        self, name: str, behaviour: Callable[[M], Awaitable[R]], *, hooks: Hooks = _NO_HOOKS, bound: int = 64
    ) -> Ref[M, R]:
        """A live actor of that name, whose mailbox holds `bound` messages."""
        started = Ref(name, behaviour, self, hooks, bound)
        self._actors[started] = None
        if self._stopped:
            started.stop()
        return started

    async def once(self, name: str, behaviour: Callable[[M], Awaitable[R]], message: M) -> R:
        """What a live actor answers that is asked this and nothing else. As nobody else has its address it needs no
        mailbox; it lives in the task of who asks, which must be of a task group, and ends with it.

        Raises the actor's Failure, or Broken where it crashed too often.
        """
        crashes: list[float] = []
        while True:
            try:
                return await contain(name, behaviour(message))
            except Failure:
                raise
            except (Exception, SystemExit) as crash:
                why = self.count(name, crashes, crash)
                if why:
                    raise Broken(why, where=name) from crash

    def count(self, name: str, crashes: list[float], crash: BaseException) -> str:
        """Count a crash of an actor beside its last ones: why it ends, or nothing where it begins anew."""
        now = anyio.current_time()
        crashes[:] = [*crashes, now][-self.crashes :]
        number, of = len(crashes), f"{type(crash).__name__}: {crash}"
        log.warning("%s crashed (%s), crash %d of %d", name, of, number, self.crashes)
        if number < self.crashes or now - crashes[0] > self.within:
            return ""
        return f"it crashed {number} time{'s' * (number > 1)}, last with {of}"

    def stop(self) -> None:
        """End all actors, also those that are at work. Who waits for one is told."""
        self._stopped = True
        actors = list(self._actors)
        for actor in actors:
            actor.cancel()
        for actor in actors:
            actor.end("its supervisor was stopped")

    def wake(self, live: Callable[[], Coroutine[Any, Any, None]], name: str) -> None:
        """A task for an actor that has mail."""
        self.tasks.start_soon(live, name=name)
        self._awake += 1

    def asleep(self) -> None:
        """An actor has no mail any more."""
        self._awake -= 1
        if not self._awake:
            self.patience.rest()

    def forget(self, actor: Ref[Any, Any]) -> None:
        """An actor has ended."""
        self._actors.pop(actor, None)


@asynccontextmanager
async def supervision(*, crashes: int, within: float = math.inf, escalate: bool = False) -> AsyncIterator[Supervisor]:
    """A supervisor for as long as the block lasts. Exactly one error comes out, whatever goes wrong in it."""
    with one_error():
        async with anyio.create_task_group() as tasks:
            supervisor = Supervisor(tasks, crashes=crashes, within=within, escalate=escalate)
            try:
                yield supervisor
            finally:
                supervisor.stop()
