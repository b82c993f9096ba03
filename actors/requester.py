"""requester: asks for a change before it is made, and tells how the checks went."""

from __future__ import annotations

from actors._change import arguments_of, change_in
from platos import Context, HandOff, Work, actor

__all__ = ["Requester"]


@actor("requester", version="1", calls=0, takes=("change",), makes=("change",))
class Requester:
    """Asks for the call that makes the change, and makes it not. Where policy asks nobody, nobody is asked."""

    async def act(self, context: Context, work: Work) -> HandOff:
        """The change, once it is allowed. Raises Broken where no tool can make it."""
        hand_off, change = change_in(work)
        tool, arguments = arguments_of(context.tools, context.scope, hand_off.artifact, change)
        checks = "; ".join(change.checks) or "none were named"
        why = f"{hand_off.artifact.title!r}, with {len(hand_off.artifact.claims)} cited reasons; checks: {checks}"
        await context.request_approval(tool, arguments, why=why)
        return context.hand_off(hand_off.artifact, scope=hand_off.scope, status=hand_off.status)
