"""6. Drive. The topology is taken to its result: each node acts, parks, or fails, and only a join looks at siblings."""

from __future__ import annotations

import anyio
import msgspec

from platos.core.digest import digest
from platos.core.failure import ANSWERS, Answer, FailureRecord
from platos.core.handoff import HandOff, Status, Work
from platos.core.plan import FanOut, Loop, Node, Sequence, Single
from platos.errors import BadReasoning
from platos.runtime.act import act
from platos.runtime.fan_out import fan_out
from platos.runtime.net import Done, Failed, Net, Parked, Result, Wait
from platos.runtime.one_error import one_error

__all__ = ["drive"]

_AFRESH = (Answer.AGAIN, Answer.REPAIR, Answer.REPLAN, Answer.FAIL)
"""Of these, a new attempt may come to something. What a person, a budget or a policy stopped stays stopped."""


async def drive(net: Net) -> Result:
    """Take the net's plan as far as it goes now, or until somebody stops it."""
    root = net.run.plan.root
    result: Result = Parked((Wait(root.name, "review", "it was stopped"),))

    async def take() -> None:
        nonlocal result
        result = await go(net, root, root.name, net.run.work)

    with net.stop, one_error():
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(take)
    return result


async def go(net: Net, node: Node, path: str, work: Work) -> Result:
    """Take one node, at its instance path, as far as it goes now."""
    if node.share:
        net.shares[path] = node.share
    match node:
        case Single():
            return _as_earned(await _single(net, node, path, work), work)
        case Sequence():
            return await _sequence(net, node, path, work)
        case FanOut():
            return await fan_out(net, node, path, work)
        case Loop():
            return await _loop(net, node, path, work)


async def _single(net: Net, node: Single, path: str, work: Work) -> Result:
    """The node, started afresh as often as the plan allows where it fails: each attempt has checkpoints of its own."""
    if node.verified and not _all_verified(work):
        standing = ", ".join(sorted({str(each.status) for each in work.inputs})) or "nothing"
        why = f"it acts only on what a critic has accepted, and was given {standing}"
        return Failed(path, FailureRecord.of(BadReasoning(why, where=path)))
    result = await act(net, node, path, work)
    for attempt in range(2, node.attempts + 1):
        if not isinstance(result, Failed) or not _may_come_to_something(result.failure):
            break
        result = await act(net, node, f"{path}~{attempt}", work)
    return result


def _all_verified(work: Work) -> bool:
    return bool(work.inputs) and all(each.status is Status.VERIFIED for each in work.inputs)


def _as_earned(result: Result, work: Work) -> Result:
    """An actor's word verifies nothing: only a critic's does, in a loop, or what it makes of verified work alone."""
    if not isinstance(result, Done) or not any(map(_claims, result.hand_offs)) or _all_verified(work):
        return result
    return Done(
        tuple(
            msgspec.structs.replace(each, status=Status.UNVERIFIED) if _claims(each) else each
            for each in result.hand_offs
        )
    )


def _claims(made: HandOff) -> bool:
    """Does it claim to be verified?"""
    return made.status is Status.VERIFIED and made.artifact.kind != "review"


def _may_come_to_something(failure: FailureRecord) -> bool:
    return failure.kind != "permission_denied" and ANSWERS[failure.kind] in _AFRESH


async def _sequence(net: Net, node: Sequence, path: str, work: Work) -> Result:
    result: Result = Done(())
    for child in node.nodes:
        result = await go(net, child, f"{path}/{child.name}", work)
        if not isinstance(result, Done):
            return result
        work = msgspec.structs.replace(work, inputs=result.hand_offs, remarks=(), provenance=())
    return result


async def _loop(net: Net, node: Loop, path: str, work: Work) -> Result:
    """Body and critic, until it accepts. What it never accepts wants another plan; by the last, it goes on rejected."""
    made: tuple[HandOff, ...] = ()
    reviews: tuple[HandOff, ...] = ()
    seen: set[str] = set()
    rounds = 0
    for rounds in range(1, node.rounds + 1):
        here = f"{path}[{rounds}]"
        body = await go(net, node.body, f"{here}/{node.body.name}", work)
        if not isinstance(body, Done):
            return body
        made = body.hand_offs
        judged = msgspec.structs.replace(work, inputs=made, remarks=(), provenance=())
        review = await _single(net, node.until, f"{here}/{node.until.name}", judged)
        if not isinstance(review, Done):
            return review
        if all(verdict.status is Status.VERIFIED for verdict in review.hand_offs):
            return Done(_with_status(made, Status.VERIFIED, review.hand_offs))
        reviews, before = review.hand_offs, len(seen)
        seen.add(digest([hand_off.artifact for hand_off in made]))
        if len(seen) == before:
            break
        remarks = tuple(claim.text for verdict in reviews for claim in verdict.artifact.claims)
        provenance = sorted({source for verdict in reviews for source in verdict.provenance})
        work = msgspec.structs.replace(work, remarks=remarks, provenance=tuple(provenance))
    if net.run.last_plan:
        return Done(_with_status(made, Status.REJECTED, reviews))
    again = rounds > len(seen)
    why = "its body made again what its critic had rejected" if again else "its critic did not accept it"
    counted = f"in {rounds} round{'s' * (rounds > 1)}"
    return Failed(path, FailureRecord.of(BadReasoning(f"{why} {counted}", where=path)))


def _with_status(made: tuple[HandOff, ...], status: Status, reviews: tuple[HandOff, ...]) -> tuple[HandOff, ...]:
    evidence = tuple(each for review in reviews for each in review.evidence)
    return tuple(msgspec.structs.replace(each, status=status, evidence=(*each.evidence, *evidence)) for each in made)
