"""`platos tools`: what MCP servers offer, and a person's yes to a tool as it is."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from platos.app import App
from platos.cli._change import person
from platos.cli._context import load, run_async, show
from platos.cli._options import Command, options_of
from platos.cli._server_tools import Standing, find_tool, look_at_servers, standing
from platos.cli.exits import exit_code
from platos.cli.output import Line, bold, clean, one_line, red, table, yellow
from platos.config.pins import Listed, Pin, read_pins, write_pin
from platos.core.instant import iso
from platos.errors import PlatosError, UsageError

__all__ = ["tools"]

tools = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)

_SHORT = 12


class ToolRow(msgspec.Struct, frozen=True, kw_only=True):
    """One tool of a server, what it stands like, and the specialists that use it."""

    tool: str
    state: str
    used: tuple[str, ...]
    says: str


class ServerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One server, and its tools, or why it cannot be had."""

    server: str
    tools: tuple[ToolRow, ...] = ()
    problem: str = ""
    next: str = ""


class Servers(msgspec.Struct, frozen=True, kw_only=True):
    """All servers that were asked."""

    servers: tuple[ServerRow, ...]


class ToolShown(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as its server lists it, and in what it differs from what was accepted."""

    tool: str
    state: str
    pin: str
    listed: Listed
    accepted: Pin | None = None


class Accepted(msgspec.Struct, frozen=True, kw_only=True):
    """What was accepted, and by whom."""

    tool: str
    pin: str
    by: str


Name = Annotated[str, typer.Argument(metavar="SERVER/TOOL", help="As in notes/read_file.", show_default=False)]


@tools.callback()
def _tools() -> None:
    """Look at the tools of MCP servers, and accept them.

    Example: platos tools list
    """


@tools.command("list", cls=Command)
def list_tools(
    ctx: typer.Context,
    server: Annotated[str, typer.Argument(metavar="[SERVER]", help="This one only.", show_default=False)] = "",
) -> None:
    """List what the servers offer, what of it was accepted, and what has changed since. Starts the servers.

    Example: platos tools list notes
    """
    app = load(ctx)
    found = run_async(look_at_servers, app, [server] if server else list(app.settings.settings.mcp))
    show(ctx, Servers(servers=tuple(_row(name, each) for name, each in found.items())), _render_servers)
    problems = [each for each in found.values() if isinstance(each, PlatosError)]
    if problems:
        raise typer.Exit(exit_code(problems[0]))


@tools.command("show", cls=Command)
def show_tool(ctx: typer.Context, tool: Name) -> None:
    """Show all that a server says of a tool: its description, its schemas and its claims. They are data.

    Example: platos tools show notes/read_file
    """
    show(ctx, run_async(_shown, load(ctx), tool), _render_shown)


@tools.command("accept", cls=Command)
def accept(
    ctx: typer.Context,
    tool: Name,
    pin: Annotated[
        str, typer.Option("--pin", metavar="PIN", help="Accept it without asking, if this is its pin.")
    ] = "",
) -> None:
    """Accept a tool as it is: from now on it may be called, as long as nothing of it changes.

    What is accepted is written to platos.lock, beside platos.toml.

    Example: platos tools accept notes/read_file
    """
    app = load(ctx)
    found = run_async(_shown, app, tool)
    if pin and (len(pin) < _SHORT or not found.pin.startswith(pin)):
        raise UsageError(f"the pin of {tool} is not {pin!r}", expected=found.pin, hint=f"platos tools show {tool}")
    if not pin:
        _ask(ctx, found)
    by = person()
    write_pin(app.workspace.root, Pin(pin=found.pin, by=by, at=iso(app.clock.now()), listed=found.listed))
    show(ctx, Accepted(tool=tool, pin=found.pin, by=by), _render_accepted)


def _ask(ctx: typer.Context, found: ToolShown) -> None:
    """Show it on the terminal, and wait for a yes to just that. Raises UsageError where nobody could give one."""
    if options_of(ctx).json or not sys.stdin.isatty():
        raise UsageError(
            "nobody is here to look at the tool", hint=f"platos tools accept {found.tool} --pin {found.pin[:_SHORT]}"
        )
    for line in _render_shown(found):
        typer.echo(clean(line if isinstance(line, str) else line.text))
    typer.confirm("Accept it as it is?", abort=True)


async def _shown(app: App, name: str) -> ToolShown:
    listed = await find_tool(app, name)
    found = standing(name, listed, await app.offload(read_pins, app.workspace.root), {})
    return ToolShown(tool=name, state=found.state, pin=listed.pin, listed=listed, accepted=found.pin)


def _row(name: str, found: list[Standing] | PlatosError) -> ServerRow:
    if isinstance(found, PlatosError):
        return ServerRow(server=name, problem=found.what, next=found.hint)
    rows = (
        ToolRow(tool=each.name, state=each.state, used=each.used, says=each.listed.description if each.listed else "")
        for each in found
    )
    return ServerRow(server=name, tools=tuple(rows))


def _render_servers(found: Servers) -> Iterator[Line]:
    if not found.servers:
        yield "no server is named in platos.toml, under [mcp.NAME]"
    for server in found.servers:
        if server.problem:
            yield red(f"{server.server}: {one_line(server.problem, 300)}")
            if server.next:
                yield f"  next: {server.next}"
            continue
        rows = [(each.tool, each.state, ", ".join(each.used), one_line(each.says, 60)) for each in server.tools]
        yield from table(("TOOL", "STATE", "USED BY", "IT SAYS"), rows)
        for each in server.tools:
            if each.used and each.state != "accepted":
                yield yellow(f"{each.tool} is not called: {each.state}")
                yield f"  next: platos tools show {each.tool}"


def _render_shown(found: ToolShown) -> Iterator[Line]:
    listed = found.listed
    yield bold(f"{found.tool}: {found.state}")
    yield f"  pin       {found.pin}"
    if found.accepted is not None:
        yield f"  accepted  {found.accepted.at} by {found.accepted.by}"
    yield f"  reached   {' '.join(listed.reached)}"
    yield f"  it calls itself {listed.said or 'nothing'}; what follows is what the server says, and nobody else"
    yield from _part("title", listed.title)
    yield from _part("description", listed.description)
    yield from _part("takes", listed.schema)
    yield from _part("answers", listed.answers)
    yield from _part("claims", listed.hints)
    if found.accepted is not None:
        for name in listed.changes(found.accepted.listed):
            yield from _part(f"{name}, as it was accepted", getattr(found.accepted.listed, name))


def _part(heading: str, said: Any) -> Iterator[Line]:
    if said:
        yield f"  {heading}:"
        text = said if isinstance(said, str) else msgspec.json.format(msgspec.json.encode(said)).decode()
        yield from (f"    | {line}" for line in text.splitlines())


def _render_accepted(accepted: Accepted) -> Iterator[Line]:
    yield f"{accepted.tool} may be called as it is, says {accepted.by}"
    yield f"  pin {accepted.pin}, in platos.lock"
