"""The options that every command has; they may stand before its name or behind it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

__all__ = ["WORKSPACE_VARIABLE", "Command", "Group", "LogForm", "Options", "options_of", "shared_options"]

WORKSPACE_VARIABLE = "PLATOS_WORKSPACE"


class LogForm(StrEnum):
    """What a line of the log looks like."""

    TEXT = "text"
    JSON = "json"


@dataclass
class Options:
    """What was typed for all commands alike."""

    workspace: Path | None = None
    settings: dict[str, str] = field(default_factory=dict)
    json: bool = False
    log: LogForm = LogForm.TEXT


def options_of(ctx: typer.Context) -> Options:
    """The options of this call; those behind the command's name win."""
    return ctx.ensure_object(Options)


def _set_workspace(ctx: typer.Context, value: Path | None) -> None:
    if value is not None:
        options_of(ctx).workspace = value


def _set_settings(ctx: typer.Context, value: list[str] | None) -> None:
    for text in value or []:
        key, equals, setting = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text!r} sets nothing; expected KEY=VALUE, as in --set budget.day=2.50")
        options_of(ctx).settings[key.strip()] = setting.strip()


def _set_json(ctx: typer.Context, value: bool) -> None:
    if value:
        options_of(ctx).json = True


def _set_log(ctx: typer.Context, value: LogForm | None) -> None:
    if value is not None:
        options_of(ctx).log = value


def _everywhere(
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace",
            metavar="DIR",
            help=f"The workspace, where it is not around this folder. Also {WORKSPACE_VARIABLE}.",
            callback=_set_workspace,
            expose_value=False,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A setting, for this once. May be repeated.",
            callback=_set_settings,
            expose_value=False,
        ),
    ] = None,
    json: Annotated[
        bool,
        typer.Option("--json", help="The result as a JSON object.", callback=_set_json, expose_value=False),
    ] = False,
    log: Annotated[
        LogForm | None,
        typer.Option("--log", help="The form of the log on stderr.", callback=_set_log, expose_value=False),
    ] = None,
) -> None:
    """Holds the options that every command has."""


def shared_options() -> list[Any]:
    """Fresh parameters for them."""
    holder = typer.Typer(add_completion=False, rich_markup_mode=None)
    holder.command()(_everywhere)
    return list(get_command(holder).params)


class Command(TyperCommand):
    """A command that also takes the options of all commands."""

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.params.extend(shared_options())


class Group(TyperGroup):
    """A group of commands that shows something itself, and takes the options of all commands."""

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.params.extend(shared_options())
