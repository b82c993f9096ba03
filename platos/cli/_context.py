"""What every command has: the options that may stand before or behind its name, and the workspace they lead to."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar, TypeVarTuple

import typer

from platos.cli.output import Line, print_result
from platos.errors import PlatosError, UsageError

if TYPE_CHECKING:
    import msgspec

    from platos.app import App

__all__ = ["LogForm", "Options", "everywhere", "load", "number_of", "options_of", "run_async", "show"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
S = TypeVar("S", bound="msgspec.Struct")

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


def everywhere(
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


def load(ctx: typer.Context) -> App:
    """The workspace's app, and the log on stderr. Raises NotFound or ConfigurationError."""
    from platos.app import load_app
    from platos.cli._log import log_to_stderr

    options = options_of(ctx)
    environ = dict(os.environ)
    named = environ.pop(WORKSPACE_VARIABLE, "")
    start = options.workspace or (Path(named) if named else None)
    app = load_app(start, flags=options.settings, environ=environ)
    log_to_stderr(options.log, app.clock)
    return app


def show(ctx: typer.Context, result: S, render: Callable[[S], Iterable[Line]]) -> None:
    """Print a command's result in the form that was asked for."""
    print_result(result, render, as_json=options_of(ctx).json)


def run_async(work: Callable[[*Ts], Awaitable[T]], *arguments: *Ts) -> T:
    """Run `work` to its end. A PlatosError comes out as itself, also from inside a task group."""
    import anyio

    try:
        return anyio.run(work, *arguments)
    except BaseExceptionGroup as group:
        found = _first(group)
        if found is None:
            raise
        raise found from None


def _first(group: BaseExceptionGroup[BaseException]) -> PlatosError | None:
    """The first PlatosError in a group, where nothing else is in it."""
    ours, others = group.split(PlatosError)
    if ours is None or others is not None:
        return None
    inner: BaseException = ours
    while isinstance(inner, BaseExceptionGroup):
        inner = inner.exceptions[0]
    return inner if isinstance(inner, PlatosError) else None


def number_of(name: str, letter: str, kind: str) -> int:
    """`3` from `g3` or `3`. Raises UsageError."""
    digits = name.removeprefix(letter)
    if digits.isascii() and digits.isdigit() and len(digits) < 19:
        return int(digits)
    raise UsageError(f"{name!r} names no {kind}", expected=f"a {kind}'s name, as in {letter}3")
