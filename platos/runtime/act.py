"""6. Act. A node's actor does its work through its context; what it hands over is the node's checkpoint."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import msgspec

from platos.core.digest import digest
from platos.core.event import StepMoved
from platos.core.failure import ANSWERS, Answer, FailureRecord
from platos.core.handoff import HandOff, Work
from platos.core.instant import Instant
from platos.core.plan import BOUNDS, Single
from platos.core.provenance import Provenance
from platos.core.role import Role
from platos.core.state import State
from platos.core.step import StepKey, StepKind
from platos.errors import Broken, Failure, LowConfidence
from platos.runtime.net import Done, Failed, Net, Parked, Result, Wait
from platos.runtime.node.context import NodeContext
from platos.runtime.node.life import Life
from platos.runtime.node.provenance import of_work
from platos.runtime.node.steps import input_digest, load_result, record_step

__all__ = ["act"]

_NODE = "node"


async def act(net: Net, node: Single, path: str, work: Work) -> Result:
    """Let a node's actor act, unless it has before. A failure ends the node, and nothing else."""
    net.acted.add(path)
    if len(net.acted) > BOUNDS.acts:
        too_many = Broken("the run's actors act too often", where=path, expected=f"at most {BOUNDS.acts:,} times")
        return Failed(path, FailureRecord.of(too_many))
    key = StepKey(net.run.row.id, net.run.row.revision, path, _NODE, 1)
    given = input_digest([digest(node), work])
    before = net.steps.get(key)
    if before is not None and before.input != given:
        return _changed(path, "the node was given something else the first time")
    if before is not None and before.state is State.SUCCESS:
        return Done((await load_result(net, before, HandOff),))
    if before is not None and before.state is State.FAILED and before.failure is not None:
        return Failed(path, before.failure)
    if net.is_ended(path):
        return Parked((Wait(path, "ended", "another branch was enough"),))
    started = net.run.host.now()
    try:
        made = await net.supervisor.once(path, partial(_live, net, node, path), work)
    except Failure as failure:
        return await _give_up(net, key, given, started, failure)
    if isinstance(made, Parked):
        return made
    await record_step(net, _node(key, given, State.SUCCESS, started, net.run.host.now(), result=made.encoded))
    return Done((made.hand_off,))


class _Made(NamedTuple):
    """A hand-off, and its checkpoint."""

    hand_off: HandOff
    encoded: msgspec.Raw


async def _live(net: Net, node: Single, path: str, work: Work) -> _Made | Parked:
    """The actor's life in this node: to its hand-off, or until it must wait."""
    life = Life(net, node, path, net.mint.held_at(path) if node.tools else {})
    life.provenance.update(of_work(work))
    made = await life.live(net.run.host.actor(node.actor).act(NodeContext(life, work), work))
    await life.commit()
    if isinstance(made, Parked):
        return made
    return _as_declared(net.run.host.parts.role(node.actor), made, tuple(sorted(life.provenance)), path)


def _as_declared(role: Role, given: HandOff, provenance: tuple[Provenance, ...], path: str) -> _Made:
    """The hand-off as its checkpoint will give it back. Whoever comes next was chosen by what this actor says that it
    makes. Raises Broken."""
    try:
        encoded = msgspec.json.encode(msgspec.structs.replace(given, provenance=provenance))
        made = msgspec.json.decode(encoded, type=HandOff)
    except (msgspec.MsgspecError, TypeError, ValueError) as error:
        what = f"{role.actor} handed over what is no hand-off: {error}"
        raise Broken(what, where=path, expected="what context.hand_off gives") from None
    if role.makes and made.artifact.kind not in role.makes:
        what = f"{role.actor} made {made.artifact.kind[:60]!r}"
        raise Broken(what, where=path, expected=f"what it declares: {', '.join(role.makes)}")
    return _Made(made, msgspec.Raw(encoded))


async def _give_up(net: Net, key: StepKey, given: str, started: Instant, failure: Failure) -> Result:
    """What a person can still decide waits for one; anything else ends the node."""
    if ANSWERS[failure.kind] is Answer.REVIEW:
        what = "low confidence" if isinstance(failure, LowConfidence) else "review"
        return Parked((Wait(key.path, what, failure.what),))
    record = FailureRecord.of(failure)
    await record_step(net, _node(key, given, State.FAILED, started, net.run.host.now(), failure=record))
    return Failed(key.path, record)


def _node(key: StepKey, given: str, state: State, started: Instant, now: Instant, **what: Any) -> StepMoved:
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
        **what,
    )


def _changed(path: str, why: str) -> Parked:
    return Parked((Wait(path, "code changed", why),))
