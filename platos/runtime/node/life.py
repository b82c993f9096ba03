"""One life of a node's actor: its steps, begun and recorded, and how it ends early to wait."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Mapping
from typing import Any, NoReturn

import anyio
import msgspec

from platos.core.capability import Capability
from platos.core.event import StepMoved
from platos.core.failure import ANSWERS, Answer, FailureRecord
from platos.core.handoff import HandOff
from platos.core.instant import MINUTE, SECOND, Instant, span_text
from platos.core.plan import Single
from platos.core.provenance import Provenance
from platos.core.state import State
from platos.core.step import StepKey, StepKind
from platos.errors import BudgetExceeded, Failure, Frozen, TimedOut, Unpriced
from platos.runtime.net import Net, Parked, Wait
from platos.runtime.node.steps import input_digest, record_step

__all__ = ["Life", "first_word", "moved"]

_LOOK_AGAIN = 10 * MINUTE


class Life:
    """From the actor's start to its hand-off, or until it must wait. `wait` is what for, `held` what it may call,
    `provenance` is that of all that the actor has seen so far."""

    def __init__(self, net: Net, node: Single, path: str, held: Mapping[str, Capability] = {}) -> None:
        self.net, self.node, self.path, self.held = net, node, path, held
        self._run, self._host = net.run, net.run.host
        self.wait: Wait | None = None
        self.provenance: set[Provenance] = set()
        self.scope = anyio.CancelScope()
        self._idle, self._half_over = net.run.specialist.retry.idle, 0
        self._until = anyio.current_time() + node.timeout / SECOND if node.timeout else math.inf
        self._at_work: StepMoved | None = None
        self._asked: dict[str, int] = {}
        self._found: list[StepMoved] = []

    def now(self) -> Instant:
        return self._host.now()

    def next_key(self, name: str) -> StepKey:
        """The key of the next step of that name."""
        self._asked[name] = ordinal = self._asked.get(name, 0) + 1
        row = self._run.row
        return StepKey(row.id, row.revision, self.path, name, ordinal)

    async def live(self, act: Awaitable[HandOff]) -> HandOff | Parked:
        """The actor's hand-off, or what it waits for. What gives no sign of life is ended: its step has timed out.

        Raises TimedOut where that was the step's last attempt, or where the actor hangs between two steps.
        """
        self.net.lives[self.path] = self
        self.alive(self.now())
        try:
            with self.scope:
                if self.net.is_ended(self.path):
                    self.end()
                made = await act
                if self.wait is None:  # who catches its own end does not go on for that
                    return self.unasked() or made
        except Exception:
            if self.wait is None:
                raise
        finally:
            self.net.lives.pop(self.path, None)
        if self.wait is None:
            self._check_time()
            late = TimedOut(f"no sign of life for {span_text(self._idle)}", where=self.path)
            if self._at_work is None:
                raise late
            self.wait = await self._put_off(self._at_work, late)
        return Parked((self.wait,))

    def at_work(self, step: StepMoved) -> None:
        """The actor is in the middle of this step. Whom it asks has a limit of its own."""
        self.alive(step.started)
        self._at_work = step
        if step.kind not in (StepKind.LOCAL, StepKind.FACTS):
            self.scope.deadline, self._half_over = math.inf if step.kind is StepKind.TOOL else self._until, 0

    def end(self) -> None:
        """Nobody wants it to go on: it ends now, or after the call to a tool that it is in the middle of."""
        if self._at_work is None or self._at_work.kind is not StepKind.TOOL:
            self.wait = Wait(self.path, "ended", "another branch was enough")
            self.scope.cancel()

    def _check_time(self) -> None:
        """Raises TimedOut where the node has been at work for longer than its plan allows."""
        if anyio.current_time() >= self._until:
            raise TimedOut(f"it was at work for longer than {span_text(self.node.timeout)}", where=self.path)

    def alive(self, now: Instant) -> None:
        """A sign of life: a step begins or has ended. The limit moves on when half of it is over."""
        self._at_work = None
        if not 0 < self._half_over - now <= self._idle:
            self._half_over = now + self._idle
            self.scope.deadline = min(anyio.current_time() + 2 * self._idle / SECOND, self._until)

    async def begin(self, kind: StepKind, name: str, given: Any) -> StepMoved:
        """The step's last word, or its first: pending; an attempt at it starts now. Raises what it failed of.

        Parks where the code now asks for something else than it did, where the next try is not due, and in a pause.
        """
        self._check_time()
        if kind is not StepKind.MODEL:
            await self.commit()
        if self.net.is_ended(self.path):
            await self.park("ended", "another branch was enough")
        pause = self._host.pause_of(self._run.specialist.name)
        if pause is not None:
            await self.park("pause", f"by {pause.by}")
        key, fresh = self.next_key(name), input_digest(given)
        before = self.net.steps.get(key)
        if before is None:
            return first_word(key, kind, fresh, self.now())
        if before.input != fresh:
            await self.park("code changed", f"{key} was asked something else the first time")
        if before.state in (State.FAILED, State.CANCELLED) and before.failure is not None:
            raise before.failure.error()
        if self._too_early(before):
            await self.park("time", f"{name}: another try", before.due)
        return before if before.state is State.SUCCESS else msgspec.structs.replace(before, started=self.now())

    async def record(self, step: StepMoved, state: State, **changes: Any) -> StepMoved:
        """Commit the step's next state."""
        await self.commit()
        now = self.now()
        self.alive(now)
        return await record_step(self.net, moved(step, state, at=now, **changes))

    def found(self, step: StepMoved, result: msgspec.Raw) -> StepMoved:
        """A step that only looked has succeeded. It is committed before the next step begins, or with the reservation
        where that asks a model: until then nothing rests on it."""
        now = self.now()
        self.alive(now)
        self._found.append(moved(step, State.SUCCESS, at=now, result=result))
        return self._found[-1]

    @property
    def uncommitted(self) -> tuple[StepMoved, ...]:
        """What was found and is not committed yet. Of two questions that are asked at once each has it committed."""
        steps = self.net.steps
        return tuple(each for each in self._found if each.key not in steps or steps[each.key].state is each.old)

    async def commit(self) -> None:
        """Commit what was found."""
        while left := self.uncommitted:
            await record_step(self.net, left[0])

    async def failed(self, step: StepMoved, failure: Failure, *, ways: int = 1) -> NoReturn:
        """One attempt failed: wait and try again where its class and the attempts allow it, else the step failed.

        A step that has several ways to its result, a model each, waits when it has tried all of them.
        """
        if isinstance(failure, Unpriced | Frozen):
            await self.park("review", f"{failure.what}: {failure.hint}")
        await self.park(*(await self._put_off(step, failure, ways))[1:])

    async def _put_off(self, step: StepMoved, failure: Failure, ways: int = 1) -> Wait:
        """What the step waits for before its next attempt. Raises the failure where there is none."""
        rounds = -(-step.attempt // ways)
        record, due = FailureRecord.of(failure), self._next_try(step, failure, rounds)
        if due is None:
            await self.record(step, State.FAILED, failure=record)
            raise failure
        attempt = (rounds - (ANSWERS[failure.kind] is not Answer.AGAIN)) * ways + 1
        await self.record(step, State.PENDING, failure=record, due=due, attempt=attempt, waits="time")
        return Wait(self.path, "time", f"{step.name}: {failure.what}", due)

    async def park(self, what: str, why: str, due: Instant | None = None) -> NoReturn:
        """End this life: a parked actor holds no task. Nothing in it can catch this, or go on."""
        self.wait = Wait(self.path, what, why, due)
        self.scope.cancel()
        await anyio.sleep_forever()
        raise AssertionError("a parked actor does not go on")

    def _too_early(self, step: StepMoved) -> bool:
        """Is the next try not due yet? A clock that was set back past the last one tells nothing of that."""
        return step.state is State.PENDING and step.due is not None and step.at <= self.now() < step.due

    def unasked(self) -> Parked | None:
        """At the node's end: a step that nobody asked for again means that the code is not what it was."""
        steps, revision = self.net.steps, self._run.row.revision
        mine = [key for key in steps.at(self.path) if key.revision == revision]
        left = [key for key in mine if key.ordinal > self._asked.get(key.name, 0)]
        told = sorted(str(key) for key in left if steps[key].kind is not StepKind.NODE)
        if not told:
            return None
        return Parked((Wait(self.path, "code changed", f"nobody asked for {', '.join(told)} any more"),))

    def _next_try(self, step: StepMoved, failure: Failure, rounds: int) -> Instant | None:
        """When the step is tried again, after so many rounds of attempts; None where it is not."""
        host, policy = self._host, self._run.specialist.retry
        answer = ANSWERS[failure.kind]
        if isinstance(failure, BudgetExceeded):
            return None if failure.alone else failure.until
        if answer is Answer.BREAK:
            return self.now() + _LOOK_AGAIN
        if answer is Answer.AGAIN and rounds < policy.attempts:
            due = self.now() + policy.delay(rounds, chance=host.chance(), retry_after=failure.retry_after)
            return due if due - step.first <= policy.total else None
        return None


def moved(
    step: StepMoved,
    state: State,
    *,
    failure: FailureRecord | None = None,
    due: Instant | None = None,
    waits: str = "",
    **changes: Any,
) -> StepMoved:
    """The step's next state. What it waited for or failed of before is past, unless given again."""
    return msgspec.structs.replace(step, old=step.state, state=state, failure=failure, due=due, waits=waits, **changes)


def first_word(key: StepKey, kind: StepKind, given: str, now: Instant) -> StepMoved:
    """A step that begins now: pending, with nothing done of it."""
    run, revision, path, name, ordinal = key
    return StepMoved(
        at=0,
        run=run,
        revision=revision,
        path=path,
        name=name,
        ordinal=ordinal,
        kind=kind,
        state=State.PENDING,
        input=given,
        first=now,
        started=now,
    )
