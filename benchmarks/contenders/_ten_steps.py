"""A user's parts: an actor that does ten steps and nothing else, and a planner that has it do so."""

from _measure import PACE, STEPS

from platos import Artifact, Brief, Context, HandOff, Plan, Single, Work, actor, planner


@actor("ten-steps", version="1")
class TenSteps:
    """Ten steps, each a text."""

    async def act(self, context: Context, work: Work) -> HandOff:
        item = work.items[0].item
        for number in range(STEPS):
            await context.step(f"s{number}", PACE.tick, item, returns=str)
        return context.hand_off(Artifact(kind="count", title="Ten", claims=(), by=context.signature), scope=[item])


@planner("ten-steps", version="1")
class OneActor:
    """One node."""

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="count", actor="ten-steps"), why="ten steps", by="ten-steps")
