"""6. Fan out, and join. Branches run side by side; what each comes to is joined as the plan says.

Where a join stops branches, which ones it went on with is a checkpoint: a resumed run goes on with the same. A branch
is stopped at its next step, or in the middle of what can be cut off; never in the middle of a call to a tool.
"""

from __future__ import annotations

from typing import NamedTuple

import anyio
import msgspec

from platos.core.digest import digest
from platos.core.event import StepMoved
from platos.core.failure import FailureRecord
from platos.core.handoff import Artifact, Status, Work
from platos.core.instant import Instant
from platos.core.plan import BOUNDS, FanOut, Join, Node
from platos.core.state import State
from platos.core.step import StepKey, StepKind, above
from platos.errors import BadReasoning, Broken
from platos.runtime.net import Done, Failed, Net, Parked, Result, Wait
from platos.runtime.node.steps import input_digest, load_result
from platos.runtime.one_error import one_error
from platos.store import Tx, gates, steps

__all__ = ["fan_out"]


class _Branch(NamedTuple):
    """One branch: its node, its instance path, and what it is given."""

    node: Node
    path: str
    work: Work


async def fan_out(net: Net, node: FanOut, path: str, work: Work) -> Result:
    """Drive the branches, and join them."""
    branches = _branches(node, path, work)
    if len(branches) > BOUNDS.width:
        too_many = Broken(f"{len(branches)} branches are too many", where=path, expected=f"at most {BOUNDS.width}")
        return Failed(path, FailureRecord.of(too_many))
    picks, stops = node.join is not Join.ALL, node.join in (Join.FIRST, Join.RACE)
    decision = _Decision(net, node, path, list(branches))
    try:
        chosen = await decision.made_before() if picks else None
    except Broken as changed:
        return Parked((Wait(path, "code changed", changed.what),))
    tally = _Tally(node)
    ended = tally.ended

    async def drive(key: str, branch: _Branch) -> None:
        tally.add(key, await net.go(net, branch.node, branch.path, branch.work))
        nonlocal stops
        if stops and chosen is None and tally.winners():
            stops = False
            net.end_under([each.path for other, each in branches.items() if other not in ended])

    with one_error():
        async with anyio.create_task_group() as tasks:
            for key, branch in branches.items():
                if chosen is None or key in chosen:
                    tasks.start_soon(drive, key, branch, name=branch.path)
    if not picks:
        return _all_of([ended[key] for key in branches])
    if chosen is None:
        chosen = tally.winners()
        if not chosen:
            return _not_enough(node, path, [ended[key] for key in branches])
        await decision.keep(chosen, [each.path for key, each in branches.items() if key not in chosen])
    won = [ended[key] for key in branches if key in chosen]
    return won[0] if node.join is Join.RACE else _all_of(won)


def _branches(node: FanOut, path: str, work: Work) -> dict[str, _Branch]:
    """The branches by their keys: an item's name, `c3` for the third claim, or the branch's own name."""
    if node.body is None:
        return {each.name: _Branch(each, f"{path}/{each.name}", work) for each in node.branches}
    if node.over == "items":
        parts = {each.item: msgspec.structs.replace(work, items=(each,)) for each in work.items}
    else:
        parts = {f"c{number}": part for number, part in enumerate(_a_claim_each(work), start=1)}
    return {key: _Branch(node.body, f"{path}[{key}]/{node.body.name}", part) for key, part in parts.items()}


def _a_claim_each(work: Work) -> list[Work]:
    """The work cut up, one claim of its hand-offs in each part, with the item that it rests on where there is one."""
    parts = []
    for hand_off in work.inputs:
        made = hand_off.artifact
        for claim in made.claims:
            alone = Artifact(kind=made.kind, title=made.title, claims=(claim,), by=made.by, note=made.note)
            about = tuple(each for each in work.items if each.item == claim.source)
            given = msgspec.structs.replace(hand_off, artifact=alone)
            parts.append(msgspec.structs.replace(work, items=about or work.items, inputs=(given,)))
    return parts


def _good(result: Result) -> bool:
    return isinstance(result, Done) and all(each.status is not Status.REJECTED for each in result.hand_offs)


class _Tally:
    """What the branches of a join have come to so far, in the order in which they did."""

    def __init__(self, node: FanOut) -> None:
        self._node = node
        self.ended: dict[str, Result] = {}
        self._over: list[str] = []
        self._good: list[str] = []

    def add(self, key: str, result: Result) -> None:
        """A branch has ended, or waits."""
        self.ended[key] = result
        if not isinstance(result, Parked):
            self._over.append(key)
        if _good(result):
            self._good.append(key)

    def winners(self) -> list[str]:
        """The branches that the join goes on with; none where it has to wait."""
        if self._node.join is Join.RACE:
            return self._over[:1]
        if len(self._good) < self._node.good:
            return []
        if self._node.join is Join.QUORUM:
            return self._good if len(self._over) == len(self.ended) else []
        return self._good[: self._node.good]


def _all_of(results: list[Result]) -> Result:
    """What every branch made, in order; what waits, where any waits; else the first failure."""
    if any(isinstance(result, Parked) for result in results):
        return _parked(results)
    for result in results:
        if isinstance(result, Failed):
            return result
    return Done(tuple(each for result in results if isinstance(result, Done) for each in result.hand_offs))


def _not_enough(node: FanOut, path: str, results: list[Result]) -> Result:
    """A join that has not what it needs waits as long as a branch may still bring it."""
    waiting = sum(isinstance(result, Parked) for result in results)
    good = sum(_good(result) for result in results)
    need = 1 if node.join is Join.RACE else node.good
    if waiting and good + waiting >= need:
        return _parked(results)
    first = next((f": {each.failure.kind}: {each.failure.what}" for each in results if isinstance(each, Failed)), "")
    why = f"{good} of {len(results)} branches were good, and {need} are needed{first}"
    return Failed(path, FailureRecord.of(BadReasoning(why, where=path)))


def _parked(results: list[Result]) -> Parked:
    return Parked(tuple(wait for result in results if isinstance(result, Parked) for wait in result.waits))


class _Decision:
    """Which branches a join went on with: a checkpoint of its own."""

    def __init__(self, net: Net, node: FanOut, path: str, keys: list[str]) -> None:
        self._net, self._key = net, StepKey(net.run.row.id, net.run.row.revision, path, "join", 1)
        self._given = input_digest([digest(node), keys])

    async def made_before(self) -> list[str] | None:
        """What was decided before. Raises Broken where the branches were others then."""
        step = self._net.steps.get(self._key)
        if step is None:
            return None
        if step.input != self._given:
            raise Broken("the branches were others the first time")
        return await load_result(self._net, step, list[str])

    async def keep(self, chosen: list[str], others: list[str]) -> None:
        """Write it down. What the others had asked people, nobody wants to know any more."""
        net, now = self._net, self._net.run.host.now()
        decided = StepMoved(
            at=now,
            run=self._key.run,
            revision=self._key.revision,
            path=self._key.path,
            name=self._key.name,
            ordinal=1,
            kind=StepKind.JOIN,
            state=State.SUCCESS,
            input=self._given,
            first=now,
            started=now,
            result=msgspec.Raw(msgspec.json.encode(chosen)),
        )
        with anyio.CancelScope(shield=True):
            net.steps[self._key] = await net.run.host.store.transact(_keep, decided, _asked(net, others), now)


def _asked(net: Net, paths: list[str]) -> list[int]:
    """The gates that only these branches wait at."""
    waiting = [step for step in net.steps.values() if step.state is State.NEEDS_REVIEW and step.waits[:1] == "g"]
    lost = set(paths)
    mine = {step.waits for step in waiting if not lost.isdisjoint(above(step.path))}
    others = {step.waits for step in waiting if lost.isdisjoint(above(step.path))}
    return sorted(int(name[1:]) for name in mine - others)


def _keep(tx: Tx, decided: StepMoved, asked: list[int], now: Instant) -> StepMoved:
    gates.withdraw(tx, decided.run, "another branch was enough", "runtime", now, only=asked)
    return steps.put(tx, decided)
