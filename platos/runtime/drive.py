"""6. Drive. The topology is taken to its result: each node acts, parks, or fails, and only a join looks at siblings."""

from __future__ import annotations

import anyio
import msgspec

from platos.core.failure import FailureRecord
from platos.core.handoff import HandOff, Status, Work
from platos.core.plan import FanOut, Loop, Node, Sequence, Single
from platos.errors import BadReasoning
from platos.runtime.act import act
from platos.runtime.net import Done, Failed, Net, Parked, Result, Wait
from platos.runtime.one_error import one_error

__all__ = ["drive"]


async def drive(net: Net) -> Result:
    """Take the net's plan as far as it goes now, or until somebody stops it."""
    root = net.run.plan.root
    with net.stop:
        return await _node(net, root, "", net.run.work)
    return Parked((Wait(root.name, "review", "it was stopped"),))


async def _node(net: Net, node: Node, above: str, work: Work) -> Result:
    path = f"{above}/{node.name}" if above else node.name
    match node:
        case Single():
            return await act(net, node, path, work)
        case Sequence():
            return await _sequence(net, node, path, work)
        case FanOut():
            return await _fan_out(net, node, path, work)
        case Loop():
            return await _loop(net, node, path, work)


async def _sequence(net: Net, node: Sequence, path: str, work: Work) -> Result:
    result: Result = Done(())
    for child in node.nodes:
        result = await _node(net, child, path, work)
        if not isinstance(result, Done):
            return result
        work = msgspec.structs.replace(work, inputs=result.hand_offs, remarks=())
    return result


async def _fan_out(net: Net, node: FanOut, path: str, work: Work) -> Result:
    """One branch an item, joined by all. A branch that parks or fails stops no other."""
    branches: dict[str, Result] = {}

    async def branch(item: str, part: Work) -> None:
        branches[item] = await _node(net, node.body, f"{path}[{item}]", part)

    with one_error():
        async with anyio.create_task_group() as tasks:
            for extract in work.items:
                tasks.start_soon(branch, extract.item, msgspec.structs.replace(work, items=(extract,)))
    return _join([branches[extract.item] for extract in work.items])


def _join(results: list[Result]) -> Result:
    """All: what every branch made, in order; what waits, where any waits; else the first failure."""
    parked = [result for result in results if isinstance(result, Parked)]
    if parked:
        return Parked(tuple(wait for result in parked for wait in result.waits))
    for result in results:
        if isinstance(result, Failed):
            return result
    return Done(tuple(each for result in results if isinstance(result, Done) for each in result.hand_offs))


async def _loop(net: Net, node: Loop, path: str, work: Work) -> Result:
    """Body and critic, until it accepts. What it never accepts wants another plan; by the last, it goes on rejected."""
    made: tuple[HandOff, ...] = ()
    reviews: tuple[HandOff, ...] = ()
    for number in range(1, node.rounds + 1):
        round_path = f"{path}[{number}]"
        body = await _node(net, node.body, round_path, work)
        if not isinstance(body, Done):
            return body
        made = body.hand_offs
        review = await _node(net, node.until, round_path, msgspec.structs.replace(work, inputs=made, remarks=()))
        if not isinstance(review, Done):
            return review
        if all(verdict.status is Status.VERIFIED for verdict in review.hand_offs):
            return Done(_with_status(made, Status.VERIFIED, review.hand_offs))
        reviews = review.hand_offs
        remarks = tuple(claim.text for verdict in reviews for claim in verdict.artifact.claims)
        work = msgspec.structs.replace(work, remarks=remarks)
    if not net.run.last_plan:
        why = f"its critic did not accept it in {node.rounds} round{'s' * (node.rounds > 1)}"
        return Failed(path, FailureRecord.of(BadReasoning(why, where=path)))
    return Done(_with_status(made, Status.REJECTED, reviews))


def _with_status(made: tuple[HandOff, ...], status: Status, reviews: tuple[HandOff, ...]) -> tuple[HandOff, ...]:
    evidence = tuple(each for review in reviews for each in review.evidence)
    return tuple(msgspec.structs.replace(each, status=status, evidence=(*each.evidence, *evidence)) for each in made)
