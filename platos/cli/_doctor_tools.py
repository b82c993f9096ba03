"""What the doctor sees of tools that MCP servers have: was each that is used accepted, and is it still the same?"""

from __future__ import annotations

from collections.abc import Iterator

from platos.app import App
from platos.cli._finding import Finding, fine, note, wrong
from platos.cli._server_tools import Standing, look_at_servers, users
from platos.config.pins import read_pins
from platos.errors import ConfigurationError, PermissionDenied, PlatosError

__all__ = ["ask_servers", "look_at_pins"]


def look_at_pins(app: App) -> Iterator[Finding]:
    """The tools that specialists use, beside what was accepted. Blocking; no server is asked."""
    used = users(app)
    if not used:
        return
    try:
        pins = read_pins(app.workspace.root)
    except ConfigurationError as error:
        yield wrong("accepted tools", error)
        return
    for name, by in used.items():
        if name in pins:
            yield fine(f"tool {name}", f"accepted by {pins[name].by}, used by {', '.join(by)}")
        else:
            yield note(f"tool {name}", "nobody has accepted it, and it is not called", f"platos tools accept {name}")


async def ask_servers(app: App) -> list[Finding]:
    """The same, with every server asked. Starts those that have a command."""
    found: list[Finding] = []
    for name, each in (await look_at_servers(app, list(app.settings.settings.mcp))).items():
        if isinstance(each, PlatosError):
            found.append(wrong(f"server {name}", each))
        else:
            found.append(fine(f"server {name}", f"it answers, and lists {sum(one.state != 'gone' for one in each)}"))
            found += [_changed(one) for one in each if one.used and one.state not in ("accepted", "new")]
    return found


def _changed(one: Standing) -> Finding:
    what = f"it is not what was accepted, and it is not called: {one.state}"
    return wrong(f"tool {one.name}", PermissionDenied(what, hint=f"platos tools show {one.name}"))
