"""A user's parts: a tool that asks before it acts, an actor that calls it once, and a planner that has it do so."""

from platos import Artifact, Brief, Context, EffectClass, HandOff, Plan, Single, Work, actor, planner, tool_function

RUNG: list[str] = []
"""What was rung for, in this process."""


def has_rung(name: str, text: str) -> str | None:
    return f"rang for {name}" if name in RUNG else None


@tool_function("bell", version="1", effect=EffectClass.PROBED, probe=has_rung)
def ring(name: str, text: str) -> str:
    """Rings, with a text."""
    RUNG.append(name)
    return f"rang for {name}"


@actor("asker", version="1")
class Asker:
    """One call of the tool for the item."""

    async def act(self, context: Context, work: Work) -> HandOff:
        item = work.items[0].item
        text = (await context.read(item)).text
        await context.call_tool("bell", {"name": item, "text": text}, why="it is to be rung")
        return context.hand_off(Artifact(kind="bell", title="Rung", claims=(), by=context.signature), scope=[item])


@planner("one-ask", version="1")
class OneAsker:
    """One node that has the tool."""

    async def plan(self, brief: Brief) -> Plan:
        return Plan(root=Single(name="ask", actor="asker", tools=("bell",)), why="one call", by="one-ask")
