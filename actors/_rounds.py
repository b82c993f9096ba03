"""Rounds: a model with tools. It asks for one call after another, sees what each came to, and hands in its draft."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, Field, model_validator

from platos import Context, Document, EffectClass, Receipt, ToolForm, errors

__all__ = ["MOST_SHOWN", "ROUNDS", "Drafted", "Turn", "drafted"]

ROUNDS = 7
"""Questions that a call may answer; one more asks for the draft alone."""

MOST_SHOWN = 60_000
"""Characters of what tools answered that one question holds, and of these at most so many of one answer:"""

_MOST_OF_ONE = 20_000
_WHY = 300
_MOST_WRONG = 1_000

MAY_CALL = """\
The documents `tool NAME` say which tools there are. Where something is missing that one of them can give, ask for one
call, and leave the report null; else write the report. What a call came to is a document (`e7`), and a source like the
others; `calls` lists the calls so far. Ask for no call twice."""

NO_MORE = "No more calls can be made. Write the report from what there is; `calls` lists the calls that were made."

D = TypeVar("D", bound=BaseModel)


class Call(BaseModel):
    """One call of a tool."""

    tool: str = Field(description="the tool's name")
    arguments: str = Field(description="its arguments: one JSON object, as text")
    why: str = Field(description="what the call is for, in one sentence")


class Turn(BaseModel, Generic[D]):
    """The finished report, or the call that it needs first."""

    report: D | None = Field(None, description="the finished report; null where a call is needed first")
    call: Call | None = Field(None, description="the call that is needed first; null where the report is finished")

    @model_validator(mode="after")
    def _one_of_both(self) -> Turn[D]:
        if self.report is None and self.call is None:
            raise ValueError("neither a report nor a call")
        return self


class Drafted(NamedTuple, Generic[D]):
    """A draft, what may be quoted of the calls' evidence by its names, in the order of the calls."""

    draft: D
    texts: dict[str, str]


async def drafted(
    context: Context,
    name: str,
    instructions: str,
    documents: Sequence[Document],
    form: type[D],
    tools: Sequence[ToolForm],
) -> Drafted[D]:
    """The model's draft, in the form that is given, after the calls that it wanted.

    It ends with the draft, a call that was made before, or so much read that no more can be shown; after `ROUNDS`
    questions too. A call whose arguments do not fit goes back to the model with what is wrong, and so does one that is
    not allowed, and a read that failed. Raises what any other call fails of, and Denied where a person said no.
    """
    if not tools:
        return Drafted(await context.ask_model(name, instructions, documents, form), {})
    desk = _Desk(tools)
    for _ in range(ROUNDS):
        asked = [*documents, *desk.documents()]
        turn = await context.ask_model("turn", f"{instructions}\n\n{MAY_CALL}", asked, Turn[form])  # type: ignore[valid-type]
        if turn.report is not None:
            return Drafted(turn.report, desk.texts)
        if turn.call is None or not await desk.call(context, turn.call):
            break
    asked = [*documents, *desk.documents()]
    return Drafted(await context.ask_model(name, f"{instructions}\n\n{NO_MORE}", asked, form), desk.texts)


class _Desk:
    """What was called so far, and what lies before the model because of it."""

    def __init__(self, tools: Sequence[ToolForm]) -> None:
        self.tools = {form.name: form for form in tools}
        self.texts: dict[str, str] = {}
        self._shown: dict[str, str] = {}
        self._made: list[tuple[str, str]] = []
        self._log: list[str] = []

    def documents(self) -> list[Document]:
        forms = [Document(id=f"tool {name}", text=form.full_text, known=True) for name, form in self.tools.items()]
        log = [Document(id="calls", text="\n".join(self._log), known=True)] if self._log else []
        return [*forms, *log, *(Document(id=name, text=text) for name, text in self._shown.items())]

    async def call(self, context: Context, call: Call) -> bool:
        """Make a call, and lay down what it came to. False where that is no progress."""
        arguments = _object(call.arguments)
        written = call.arguments if arguments is None else json.dumps(arguments, sort_keys=True)
        if (call.tool, written) in self._made:
            return False
        self._made.append((call.tool, written))
        if call.tool not in self.tools and call.tool in context.tools:
            return self._note(call, "there is no such tool")
        if arguments is None:
            return self._note(call, "its arguments are not one JSON object")
        why = f"the model wants it: {' '.join(call.why.split())[:_WHY]}"
        try:
            receipt = await context.call_tool(call.tool, arguments, why=why)
        except errors.InvalidOutput as error:
            return self._note(call, f"it does not fit: {error.what}")
        except errors.Denied:
            raise
        except errors.PermissionDenied as error:
            if error.sent and not self._reads(call.tool):
                raise
            return self._note(call, f"denied: {error.what}")
        except (errors.Broken, errors.Unavailable, errors.TimedOut) as error:
            if not self._reads(call.tool):
                raise
            return self._note(call, f"it failed: {error.what}")
        return await self._lay_down(context, call, receipt)

    def _reads(self, tool: str) -> bool:
        return tool in self.tools and self.tools[tool].effect is EffectClass.READ

    async def _lay_down(self, context: Context, call: Call, receipt: Receipt) -> bool:
        name, whole = await context.cite(receipt), receipt.full_text
        room = min(_MOST_OF_ONE, MOST_SHOWN - sum(map(len, self._shown.values())))
        if name:
            self.texts[name] = (await context.read(name)).full_text
        shown = name or f"answer {len(self._made)}"
        self._shown[shown] = whole[:room]
        self._note(call, shown if room >= len(whole) else f"{shown}, {room} of {len(whole)} characters")
        return sum(map(len, self._shown.values())) < MOST_SHOWN

    def _note(self, call: Call, came_to: str) -> bool:
        line = f"{len(self._made)}. {call.tool[:_WHY]} {call.arguments[:_WHY]}: {came_to[:_MOST_WRONG]}"
        self._log.append(" ".join(line.split()))
        return True


def _object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
