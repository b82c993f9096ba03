"""The tools of MCP servers as they are listed now, beside what was accepted of them and who uses them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from platos.app import App
from platos.config.pins import Listed, Pin, read_pins
from platos.core.specialist import Specialist
from platos.errors import NotFound, PlatosError, UsageError
from platos.tools._mcp_server import open_line

__all__ = ["Standing", "find_tool", "list_server", "look_at_servers", "standing", "users"]


@dataclass(frozen=True)
class Standing:
    """A tool as it stands: `accepted`, `new`, `changed` (in what), or `gone`; `used` names specialists."""

    name: str
    state: str
    listed: Listed | None
    pin: Pin | None
    used: tuple[str, ...] = ()


async def list_server(app: App, name: str) -> list[Listed]:
    """What a server lists. Starts it, where it has a command. Raises NotFound, or why it cannot be had."""
    servers = app.settings.settings.mcp
    if name not in servers:
        raise NotFound(
            f"there is no server {name!r}",
            where="platos.toml",
            expected=f"one of {', '.join(servers)}" if servers else "a server under [mcp.NAME]",
        )
    async with open_line(name, servers[name], app.parts.environment) as line:
        return await line.listed()


async def find_tool(app: App, name: str) -> Listed:
    """`notes/read_file`, as its server lists it. Raises UsageError or NotFound, or why the server cannot be had."""
    server, slash, tool = name.partition("/")
    if not (server and slash and tool):
        raise UsageError(f"{name!r} names no tool of a server", expected="SERVER/TOOL, as in notes/read_file")
    listed = await list_server(app, server)
    found = [each for each in listed if each.tool == tool]
    if len(found) == 1:
        return found[0]
    raise NotFound(
        f"the server lists {'no tool' if not found else 'more than one tool'} {tool!r}",
        where=server,
        expected=f"one of {', '.join(each.tool for each in listed[:20])}" if listed else "",
    )


async def look_at_servers(app: App, names: Iterable[str]) -> dict[str, list[Standing] | PlatosError]:
    """Every tool of these servers, or why one cannot be had."""
    pins, used = await app.offload(read_pins, app.workspace.root), await app.offload(users, app)
    found: dict[str, list[Standing] | PlatosError] = {}
    for name in names:
        try:
            listed = {each.name: each for each in await list_server(app, name)}
        except PlatosError as error:
            found[name] = error
            continue
        known = [each for each in {**pins, **used} if each.partition("/")[0] == name]
        found[name] = [standing(each, listed.get(each), pins, used) for each in dict.fromkeys([*listed, *known])]
    return found


def standing(name: str, listed: Listed | None, pins: Mapping[str, Pin], used: Mapping[str, Any]) -> Standing:
    """How one tool stands."""
    pin = pins.get(name)
    if listed is None:
        state = "gone"
    elif pin is None:
        state = "new"
    else:
        changes = listed.changes(pin.listed)
        state = f"changed: {', '.join(changes)}" if changes else "accepted"
    return Standing(name, state, listed, pin, tuple(used.get(name, ())))


def users(app: App) -> dict[str, list[str]]:
    """Who uses which tool of a server. Blocking."""
    found: dict[str, list[str]] = {}
    for specialist in app.definitions.scan().values():
        if isinstance(specialist, Specialist):
            for spec in specialist.tools:
                if spec.part == "mcp":
                    found.setdefault(f"{spec.options['server']}/{spec.options['tool']}", []).append(specialist.name)
    return found
