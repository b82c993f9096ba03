"""checker: runs the owner's checks, and hands a change on only where all of them end well."""

from __future__ import annotations

import shlex

from actors._change import carried, change_in, told
from platos import Context, HandOff, Work, actor, errors

__all__ = ["Checker"]


@actor("checker", version="1", calls=0, takes=("change",), makes=("change",))
class Checker:
    """Runs each line `Check: make check` of the specialist's text, in order, with the tool that the plan gave to it.

    A check that fails ends the run: nothing after it is asked for or done. What a person says of it instead is not its
    result.
    """

    async def act(self, context: Context, work: Work) -> HandOff:
        """The change, with what was run. Raises Broken where a check cannot be run, or nobody saw how it ended."""
        hand_off, change = change_in(work)
        checks = [_words(line) for line in told(context.scope, "Check")]
        if checks and not context.tools:
            raise errors.Broken("no tool was given that runs checks", where="plan", expected="run-command")
        ran = []
        for argv in checks:
            why = f"check before {hand_off.artifact.title!r} is asked for"
            receipt = await context.call_tool(context.tools[0], {"argv": argv}, why=why)
            if receipt.data.get("argv") != argv:
                raise errors.Broken("nobody saw how a check ended", where=shlex.join(argv), expected="its own receipt")
            ran.append(f"{shlex.join(argv)} ended well")
        made = carried(hand_off, change.model_copy(update={"checks": ran}))
        return context.hand_off(made, scope=hand_off.scope, status=hand_off.status)


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise errors.Broken(
            f"a check cannot be read: {error}", where=line, expected="words, as in: make check"
        ) from None
