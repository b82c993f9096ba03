"""A user's parts: an actor that is killed at its third step, and its planner."""

import sys

from _cut_off import ARRIVALS

from platos import Artifact, Brief, Context, HandOff, Plan, Single, Work, actor, planner
from platos.errors import Unavailable

DONE = 2
"""Steps that stand in the journal when it is killed: opened, planned and begun, the run has five entries."""


@actor("cut-steps", version="1")
class CutSteps:
    """Steps that are done, and one that never ends."""

    async def act(self, context: Context, work: Work) -> HandOff:
        for number in range(DONE):
            await context.step(f"s{number}", int, number, returns=int)
        await context.step(f"s{DONE}", arrive, returns=type(None))
        return context.hand_off(Artifact(kind="count", title="Cut", claims=(), by=context.signature), scope=[])


async def arrive() -> None:
    """A process dies while its runs are here. Where it takes up many, each makes way for the next."""
    if sys.argv[1] != "take_up":
        await ARRIVALS.arrive()
    ARRIVALS.count()
    raise Unavailable("it is another's turn")


@planner("cut-steps", version="1")
class OneActor:
    """One node."""

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="count", actor="cut-steps"), why="steps that are cut off", by="cut-steps")
