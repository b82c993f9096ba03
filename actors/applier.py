"""applier: makes a change, exactly as it was proposed and allowed."""

from __future__ import annotations

from actors._change import arguments_of, carried, change_in
from platos import Context, HandOff, Work, actor

__all__ = ["Applier"]


@actor("applier", version="1", calls=0, takes=("change",), makes=("change",))
class Applier:
    """Calls the tool that the plan gave to it, with what the requester asked for."""

    async def act(self, context: Context, work: Work) -> HandOff:
        """The change, with what its receipt says. Raises Broken where no tool can make it."""
        hand_off, change = change_in(work)
        tool, arguments = arguments_of(context.tools, context.scope, hand_off.artifact, change)
        why = f"apply {hand_off.artifact.title!r}; checks: {'; '.join(change.checks) or 'none were named'}"
        receipt = await context.call_tool(tool, arguments, why=why)
        made = carried(hand_off, change.model_copy(update={"done": receipt.summary}))
        return context.hand_off(made, scope=hand_off.scope, status=hand_off.status)
