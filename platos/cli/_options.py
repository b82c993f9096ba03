"""The options that every command has; they may stand before its name or behind it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
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


def _set_workspace(ctx: typer.Context, value: str | None) -> None:
    if value is not None:
        options_of(ctx).workspace = Path(value)


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
        str | None,
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


def _taken_plainly(parameters: list[Any]) -> list[Any]:
    """The same parameters. What is left out, or has its option's type already, is no longer converted: typer has
    pydantic do so, whose import takes longer than most questions take to answer."""
    for each in parameters:
        if "process_value" not in vars(each):
            each.process_value = partial(_processed, each, each.process_value)
    return parameters


def _processed(parameter: Any, convert: Callable[[Any, Any], Any], ctx: Any, value: Any) -> Any:
    wanted = parameter.type_descriptor.annotation
    if value is None:
        value = () if parameter.multiple or parameter.nargs == -1 else None
    elif not (isinstance(wanted, type) and isinstance(value, wanted)):
        return convert(ctx, value)
    if parameter.required and parameter.value_is_missing(value):
        return convert(ctx, value)
    return value if parameter.callback is None else parameter.callback(ctx, parameter, value)


class Command(TyperCommand):
    """A command that also takes the options of all commands."""

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.params.extend(shared_options())

    def get_params(self, ctx: Any) -> list[Any]:
        return _taken_plainly(super().get_params(ctx))


class Group(TyperGroup):
    """A group of commands that shows something itself, and takes the options of all commands."""

    def __init__(self, *arguments: Any, **values: Any) -> None:
        super().__init__(*arguments, **values)
        self.params.extend(shared_options())

    def get_params(self, ctx: Any) -> list[Any]:
        return _taken_plainly(super().get_params(ctx))
