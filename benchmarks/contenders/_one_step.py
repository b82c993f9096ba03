"""A user's parts: an actor that does one step, as the runs of a long past have done, and its planner."""

from platos import Artifact, Brief, Context, HandOff, Plan, Single, Work, actor, planner


@actor("one-step", version="1")
class OneStep:
    """One step, a number."""

    async def act(self, context: Context, work: Work) -> HandOff:
        await context.step("s0", int, 0, returns=int)
        return context.hand_off(Artifact(kind="count", title="One", claims=(), by=context.signature), scope=[])


@planner("one-step", version="1")
class OneActor:
    """One node."""

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="count", actor="one-step"), why="one step", by="one-step")
