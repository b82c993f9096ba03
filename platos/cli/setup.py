"""`platos init`, `new`, `config show` and `service`: setting a workspace up."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from platos.cli._context import load, show
from platos.cli._options import Command
from platos.cli.output import Line, bold, table
from platos.config.scaffold import init_workspace, new_specialist, offer_models, probe_ollama
from platos.config.worked_template import WorkedTemplate, from_template, worked_templates
from platos.errors import UsageError

__all__ = ["config", "init", "new", "service"]

config = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """The files that were written, the settings to which parts of its own were added, the models that were chosen,
    and what to type next."""

    files: tuple[str, ...]
    added_to: str = ""
    small: str = ""
    frontier: str = ""
    next: tuple[str, ...] = ()


class TemplateLine(msgspec.Struct, frozen=True, kw_only=True):
    """A worked template, and what it does."""

    name: str
    does: str


class Templates(msgspec.Struct, frozen=True, kw_only=True):
    """All worked templates."""

    templates: tuple[TemplateLine, ...]


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A setting as it was written, and where."""

    key: str
    value: Any
    source: str


class Values(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting. A secret is shown as its reference."""

    values: tuple[Value, ...]


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A systemd unit."""

    name: str
    text: str


def init(
    ctx: typer.Context,
    directory: Annotated[Path, typer.Argument(metavar="DIR", help="The folder; it is made.", show_default=False)],
) -> None:
    """Make a folder a workspace, with one specialist that works.

    Nothing that is there is overwritten. It needs no key; where there is one for OpenAI or Anthropic, or Ollama answers
    on this machine, that is used.

    Example: platos init watch
    """
    offer = offer_models(os.environ, probe_ollama())
    files = init_workspace(directory, models=offer)
    here = _word(str(directory))
    steps = (f"cd {here}", "platos check advisories", "platos wake advisories", "platos inbox", "platos up")
    written = Written(files=tuple(map(str, files)), small=offer.small, frontier=offer.frontier, next=steps)
    show(ctx, written, _render_written)


def new(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case, with dashes.", show_default=False)] = "",
    template: Annotated[
        str, typer.Option("--template", metavar="TEMPLATE", help="A worked one: see --templates.", show_default=False)
    ] = "",
    listed: Annotated[bool, typer.Option("--templates", help="Say which worked templates there are.")] = False,
) -> None:
    """Add a specialist to start from, plain or from a worked template.

    A worked template brings what it works on, and a page, about-NAME.md. Nothing that is there is overwritten; where
    one has parts in Python, their file is added to platos.toml.

    Example: platos new papers --template research
    """
    if listed:
        show(ctx, Templates(templates=tuple(map(_template, worked_templates()))), _render_templates)
        return
    if not name:
        raise UsageError("a specialist needs a name", where="platos new", expected="NAME", hint="platos new papers")
    workspace = load(ctx).workspace
    checks = (f"platos check {name}", f"platos wake {name}")
    if template:
        laid = from_template(workspace, name, template)
        added = str(laid.added_to or "")
        show(ctx, Written(files=tuple(map(str, laid.files)), added_to=added, next=checks), _render_written)
        return
    path = new_specialist(workspace, name)
    show(ctx, Written(files=(str(path),), next=(f"edit {_word(str(path))}", *checks)), _render_written)


@config.callback()
def _settings() -> None:
    """Look at the settings.

    Example: platos config show
    """


@config.command("show", cls=Command)
def config_show(ctx: typer.Context) -> None:
    """Print every setting and where it comes from.

    Example: platos config show --set budget.day=2
    """
    origins = load(ctx).settings.origins
    values = tuple(Value(key=key, value=each.value, source=each.source) for key, each in origins.items())
    show(ctx, Values(values=values), _render_values)


def service(ctx: typer.Context) -> None:
    """Print a systemd unit that keeps this workspace going. Nothing is installed.

    Example: platos service > ~/.config/systemd/user/platos.service
    """
    root = load(ctx).workspace.root
    show(ctx, Unit(name="platos.service", text=_unit(root)), lambda unit: unit.text.splitlines())


def _render_written(written: Written) -> Iterator[Line]:
    for file in written.files:
        yield f"wrote {file}"
    if written.added_to:
        yield f"added its parts to {written.added_to}; a running platos up sees them once it is started again"
    if written.frontier:
        yield f"models: {written.small} for triage, {written.frontier} for the work"
    yield bold("Next:")
    for step in written.next:
        yield f"  {step}"


def _template(found: WorkedTemplate) -> TemplateLine:
    return TemplateLine(name=found.name, does=found.does)


def _render_templates(found: Templates) -> Iterator[Line]:
    yield from table(("TEMPLATE", "DOES"), [(each.name, each.does) for each in found.templates])


def _render_values(found: Values) -> Iterator[Line]:
    rows = [(each.key, str(each.value), each.source) for each in found.values]
    yield from table(("KEY", "VALUE", "FROM"), rows)


def _word(text: str) -> str:
    """A text as one word of a shell."""
    return shlex.quote(text)


_UNIT = """\
[Unit]
Description=Platos keeps the specialists of {name} going
After=network-online.target
Wants=network-online.target

[Service]
ExecStart={command}
WorkingDirectory={folder}
Restart=always
RestartSec=5
TimeoutStopSec=30
UMask=0077
NoNewPrivileges=true
PrivateTmp=true
ProtectSystem=strict
ReadWritePaths={root}
ProtectKernelTunables=true
ProtectControlGroups=true
RestrictSUIDSGID=true
LockPersonality=true

[Install]
WantedBy=default.target
"""


def _unit(root: Path) -> str:
    words = (sys.executable, "-m", "platos", "--workspace", str(root), "up")
    command = " ".join(map(_quoted, words)).replace("$", "$$")  # a command alone has variables
    folder = _escaped(str(root))
    return _UNIT.format(name=_escaped(root.name), command=command, root=_quoted(str(root)), folder=folder)


def _escaped(text: str) -> str:
    """A text in which systemd sees no specifier."""
    return text.replace("%", "%%")


def _quoted(text: str) -> str:
    """A text as one word of a unit."""
    inside = _escaped(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inside}"'
