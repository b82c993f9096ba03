"""A user's parts: an actor that is killed at its third step and waits there when it is taken up, and its planner."""

from _cut_off import ARRIVALS

from platos import Artifact, Brief, Context, HandOff, Plan, Single, Work, actor, planner

DONE = 2
"""Steps that stand in the journal when it is killed: opened, planned and begun, the run has five entries."""


@actor("cut-steps", version="1")
class CutSteps:
    """Steps that are done, and one that never ends."""

    async def act(self, context: Context, work: Work) -> HandOff:
        for number in range(DONE):
            await context.step(f"s{number}", int, number, returns=int)
        await context.step(f"s{DONE}", ARRIVALS.arrive, returns=type(None))
        return context.hand_off(Artifact(kind="count", title="Cut", claims=(), by=context.signature), scope=[])


@planner("cut-steps", version="1")
class OneActor:
    """One node."""

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="count", actor="cut-steps"), why="steps that are cut off", by="cut-steps")
