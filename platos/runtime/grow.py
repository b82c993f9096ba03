"""Growth: a node that is at work asks for helpers, and they become part of the plan, under it.

What is asked for is checked as a plan is: the same bounds hold for it and all that was there before, and a helper may
use no tool that its node may not use. It is written down before anything of it runs.
"""

from __future__ import annotations

from functools import partial

from platos.core.budget import Cap
from platos.core.event import PlanGrown
from platos.core.handoff import HandOff, Work
from platos.core.plan import BOUNDS, Node
from platos.core.plan_check import Given, check_node
from platos.core.role import ITEMS
from platos.errors import Broken, InvalidPlan
from platos.runtime.effects.call import lend
from platos.runtime.live.supervisor import Ref
from platos.runtime.net import Failed, Net, Parked, Result
from platos.runtime.node.life import Life
from platos.runtime.node.steps import input_digest
from platos.store import Tx, journal

__all__ = ["grow"]


async def grow(life: Life, node: Node, ordinal: int, work: Work, why: str) -> tuple[HandOff, ...]:
    """What the helpers hand over. Raises the failure that they came to, or Broken where they may not be asked for."""
    net, path = life.net, f"{life.path}/{node.name}[{ordinal}]"
    given = input_digest([node, work])
    before = net.run.grown.get(path)
    if before is None:
        await _write_down(net, life, node, path, given, work, why)
    elif before.input != given:
        await life.park("code changed", f"{path} was asked for something else the first time")
    else:
        await lend(life, path, node)
    helpers: Ref[Work, Result] = net.supervisor.start(path, partial(net.go, net, node, path))
    match await helpers.ask(work):
        case Parked(waits):
            await life.park(waits[0].what, waits[0].why, waits[0].due)
        case Failed(_, failure):
            raise failure.error()
        case done:
            return done.hand_offs


async def _write_down(net: Net, life: Life, node: Node, path: str, given: str, work: Work, why: str) -> None:
    run = net.run
    kinds = frozenset(each.artifact.kind for each in work.inputs) or frozenset({ITEMS})
    allowed = Given(
        roles=run.host.parts.roles(),
        tools=run.specialist.tool_names(),
        items=len(work.items),
        bounds=BOUNDS,
        capped=run.live.budget.run != Cap(),
        depth=path.count("/") + 1,
        nodes=net.nodes,
        kinds=kinds,
        models=tuple(run.specialist.models),
    )
    try:
        check_node(node, allowed)
    except InvalidPlan as refused:
        raise Broken(f"it may not add that: {refused.what}", where=path, expected=refused.expected) from None
    await lend(life, path, node)
    added = PlanGrown(
        at=run.host.now(),
        by=f"actor:{life.node.actor}",
        run=run.row.id,
        revision=run.row.revision,
        addition=len(run.grown) + 1,
        path=path,
        node=node,
        input=given,
        why=why,
    )
    run.grown[path] = added  # at once: what others ask for meanwhile is counted together with it
    try:
        await run.host.store.transact(_keep, added)
    except BaseException:
        del run.grown[path]
        raise


def _keep(tx: Tx, added: PlanGrown) -> None:
    tx.record(journal.run_chain(added.run), added)
