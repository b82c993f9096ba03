"""6. Act. A node's actor does its work through its context; what it hands over is the node's checkpoint."""

from __future__ import annotations

from functools import partial

import msgspec

from platos.core.digest import digest
from platos.core.event import StepMoved
from platos.core.failure import ANSWERS, Answer, FailureRecord
from platos.core.handoff import HandOff, Work
from platos.core.instant import Instant
from platos.core.plan import Single
from platos.core.state import State
from platos.core.step import StepKey, StepKind
from platos.errors import Failure, LowConfidence
from platos.runtime.context import NodeContext
from platos.runtime.life import Life
from platos.runtime.mint import Held
from platos.runtime.net import Done, Failed, Net, Parked, Result, Wait
from platos.runtime.steps import input_digest, load_result, record_step
from platos.runtime.supervisor import Ref

__all__ = ["act"]

_NODE = "node"


async def act(net: Net, node: Single, path: str, work: Work, lent: Held | None = None) -> Result:
    """Let a node's actor act, unless it has before. A failure ends the node, and nothing else.

    It holds what the plan gave to its node, or, a helper, what it was lent.
    """
    key = StepKey(net.run.row.id, net.run.row.revision, path, _NODE, 1)
    given = input_digest([digest(node), work])
    before = net.steps.get(key)
    if before is not None and before.input != given:
        return _changed(path, "the node was given something else the first time")
    if before is not None and before.state is State.SUCCESS:
        return Done((await load_result(net, before, HandOff),))
    if before is not None and before.state is State.FAILED and before.failure is not None:
        return Failed(path, before.failure)
    actor: Ref[Work, HandOff | Parked] = net.supervisor.start(path, partial(_live, net, node, path, lent))
    started = net.run.host.now()
    try:
        made = await actor.ask(work)
    except Failure as failure:
        return await _give_up(net, key, given, started, failure)
    if isinstance(made, HandOff):
        done = _node(key, given, State.SUCCESS, started, net.run.host.now())
        await record_step(net, msgspec.structs.replace(done, result=msgspec.Raw(msgspec.json.encode(made))))
        return Done((made,))
    return made


async def _live(net: Net, node: Single, path: str, lent: Held | None, work: Work) -> HandOff | Parked:
    """The actor's life in this node: to its hand-off, or until it must wait."""
    life = Life(net, node, path, net.mint.held_at(path) if lent is None else lent)
    return await life.live(net.run.host.actor(node.actor).act(NodeContext(life, work, act), work))


async def _give_up(net: Net, key: StepKey, given: str, started: Instant, failure: Failure) -> Result:
    """What a person can still decide waits for one; anything else ends the node."""
    if ANSWERS[failure.kind] is Answer.REVIEW:
        what = "low confidence" if isinstance(failure, LowConfidence) else "review"
        return Parked((Wait(key.path, what, failure.what),))
    record = FailureRecord.of(failure)
    failed = _node(key, given, State.FAILED, started, net.run.host.now())
    await record_step(net, msgspec.structs.replace(failed, failure=record))
    return Failed(key.path, record)


def _node(key: StepKey, given: str, state: State, started: Instant, now: Instant) -> StepMoved:
    return StepMoved(
        at=now,
        run=key.run,
        revision=key.revision,
        path=key.path,
        name=key.name,
        ordinal=key.ordinal,
        kind=StepKind.NODE,
        state=state,
        input=given,
        first=started,
        started=started,
    )


def _changed(path: str, why: str) -> Parked:
    return Parked((Wait(path, "code changed", why),))
