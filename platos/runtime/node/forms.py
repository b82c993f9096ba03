"""Forms: what an actor's model may know of the tools that its node may call."""

from __future__ import annotations

import inspect

from platos.errors import PermissionDenied
from platos.ports.tool import Says, Tool, ToolForm, is_remote
from platos.runtime.node.life import Life
from platos.runtime.node.schema import schema_of

__all__ = ["forms_of"]

_MOST = 2_000
"""Characters of what a tool says that it does."""


async def forms_of(life: Life) -> list[ToolForm]:
    """The forms of the node's tools, in their order. Raises PermissionDenied where the specialist has one no more."""
    return [await _form(life, name) for name in life.node.tools]


async def _form(life: Life, name: str) -> ToolForm:
    run = life.net.run
    spec = next((each for each in run.specialist.tools if each.name == name), None)
    if spec is None:
        raise PermissionDenied(f"the specialist has no tool {name!r}", where=life.path)
    tool: Tool = run.host.tool(spec)
    if is_remote(tool):
        tool = await tool.in_run(life.net.connections.share)
    return ToolForm(name=name, does=_does(tool), effect=tool.effect, arguments=schema_of(tool.Arguments))


def _does(tool: Tool) -> str:
    """What it says itself, else the first line of its docstring: of its class, or of the function that it was."""
    said = tool.does if isinstance(tool, Says) else inspect.cleandoc(type(tool).__doc__ or "").partition("\n")[0]
    return " ".join(said.split())[:_MOST]
