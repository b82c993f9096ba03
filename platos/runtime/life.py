"""One life of a node's actor: its steps, begun and recorded, and how it ends early to wait."""

from __future__ import annotations

from collections import Counter
from typing import Any, NoReturn

import anyio
import msgspec

from platos.core.event import StepMoved
from platos.core.failure import ANSWERS, Answer, FailureRecord
from platos.core.instant import MINUTE, Instant
from platos.core.plan import Single
from platos.core.state import State
from platos.core.step import StepKey, StepKind
from platos.errors import BudgetExceeded, Failure, Unpriced
from platos.runtime.net import Net, Parked, Wait
from platos.runtime.steps import input_digest, record_step

__all__ = ["Life"]

_LOOK_AGAIN = 10 * MINUTE


class Life:
    """From the actor's start to its hand-off, or until it must wait. `wait` is what for."""

    def __init__(self, net: Net, node: Single, path: str) -> None:
        self.net, self.node, self.path = net, node, path
        self.wait: Wait | None = None
        self.scope = anyio.CancelScope()
        self._ordinals: Counter[str] = Counter()
        self._asked: set[StepKey] = set()

    def now(self) -> Instant:
        return self.net.run.host.now()

    def next_key(self, name: str) -> StepKey:
        """The key of the next step of that name."""
        self._ordinals[name] += 1
        run = self.net.run.row
        key = StepKey(run.id, run.revision, self.path, name, self._ordinals[name])
        self._asked.add(key)
        return key

    async def begin(self, kind: StepKind, name: str, given: Any) -> StepMoved:
        """The step's last word, or its first: pending. Raises what it failed of.

        Parks where the code now asks for something else than it did, and where the next try is not due.
        """
        key, fresh = self.next_key(name), input_digest(given)
        before = self.net.steps.get(key)
        if before is None:
            return _first(key, kind, fresh)
        if before.input != fresh:
            await self.park("review", f"code changed: {key} was asked something else the first time")
        if before.state in (State.FAILED, State.CANCELLED) and before.failure is not None:
            raise before.failure.error()
        if before.state is State.PENDING and before.due is not None and before.due > self.now():
            await self.park("time", f"{name}: another try", before.due)
        return before

    async def record(self, step: StepMoved, state: State, **changes: Any) -> StepMoved:
        """Commit the step's next state."""
        return await record_step(self.net, moved(step, state, **changes))

    async def failed(self, step: StepMoved, failure: Failure) -> NoReturn:
        """One attempt failed: wait and try again where its class and the attempts allow it, else the step failed."""
        if isinstance(failure, Unpriced):
            await self.park("review", f"{failure.what}: {failure.hint}")
        record, due = FailureRecord.of(failure), self._next_try(step, failure)
        if due is None:
            await self.record(step, State.FAILED, failure=record)
            raise failure
        attempt = step.attempt + (ANSWERS[failure.kind] is Answer.AGAIN)
        await self.record(step, State.PENDING, failure=record, due=due, attempt=attempt, waits="time")
        await self.park("time", f"{step.name}: {failure.what}", due)

    async def park(self, what: str, why: str, due: Instant | None = None) -> NoReturn:
        """End this life: a parked actor holds no task. Nothing in it can catch this, or go on."""
        self.wait = Wait(self.path, what, why, due)
        self.scope.cancel()
        await anyio.sleep_forever()
        raise AssertionError("a parked actor does not go on")

    def unasked(self) -> Parked | None:
        """At the node's end: a step that nobody asked for again means that the code is not what it was."""
        run = self.net.run.row
        mine = {key for key in self.net.steps if key.path == self.path and key.revision == run.revision}
        left = sorted(str(key) for key in mine - self._asked if self.net.steps[key].kind is not StepKind.NODE)
        if not left:
            return None
        return Parked((Wait(self.path, "review", f"code changed: nobody asked for {', '.join(left)} any more"),))

    def _next_try(self, step: StepMoved, failure: Failure) -> Instant | None:
        """When the step is tried again; None where it is not."""
        host, policy = self.net.run.host, self.net.run.specialist.retry
        answer = ANSWERS[failure.kind]
        if isinstance(failure, BudgetExceeded) and not failure.where.startswith("run/"):
            return host.next_day(self.now())
        if answer is Answer.BREAK:
            return self.now() + _LOOK_AGAIN
        if answer is Answer.AGAIN and step.attempt < policy.attempts:
            return self.now() + policy.delay(step.attempt, chance=host.chance(), retry_after=failure.retry_after)
        return None


def moved(step: StepMoved, state: State, **changes: Any) -> StepMoved:
    """The step's next state. What it waited for or failed of before is past, unless given again."""
    past: dict[str, Any] = {"failure": None, "due": None, "waits": ""}
    return msgspec.structs.replace(step, old=step.state, state=state, **{**past, **changes})


def _first(key: StepKey, kind: StepKind, given: str) -> StepMoved:
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
    )
