"""What every command stands on: the workspace that its options lead to, and how it runs and shows its result."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, TypeVarTuple

import typer

from platos.cli._options import WORKSPACE_VARIABLE, options_of
from platos.cli.output import Line, print_result
from platos.errors import NotFound, PlatosError, UsageError

if TYPE_CHECKING:
    import msgspec

    from platos.app import App
    from platos.config.workspace import Workspace

__all__ = ["load", "load_anywhere", "locate", "number_of", "options_of", "run_async", "run_inline", "show"]

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
S = TypeVar("S", bound="msgspec.Struct")


def load(ctx: typer.Context) -> App:
    """The workspace's app, and the log on stderr. Raises NotFound or ConfigurationError."""
    from platos.app import load_app
    from platos.cli._log import log_to_stderr

    options = options_of(ctx)
    app = load_app(_start(ctx), flags=options.settings, environ=_environ())
    log_to_stderr(options.log, app.clock)
    return app


def locate(ctx: typer.Context) -> Workspace:
    """The workspace alone, for who reads its state and nothing else: settings and parts take longer to load than most
    questions take to answer. Raises NotFound."""
    from platos.config.workspace import find_workspace

    return find_workspace(_start(ctx))


def load_anywhere(ctx: typer.Context) -> App:
    """The same; where no workspace was named and none is around, that of this folder, as the defaults have it."""
    from platos.app import load_workspace
    from platos.config.workspace import Workspace

    try:
        return load(ctx)
    except NotFound:
        if _start(ctx) is not None:
            raise
    return load_workspace(Workspace(Path.cwd()), flags=options_of(ctx).settings, environ=_environ())


def _start(ctx: typer.Context) -> Path | None:
    """Where the workspace is, or is around, as far as that was said."""
    named = os.environ.get(WORKSPACE_VARIABLE, "")
    return options_of(ctx).workspace or (Path(named) if named else None)


def _environ() -> dict[str, str]:
    """The environment without the workspace's name, which is no setting."""
    return {name: value for name, value in os.environ.items() if name != WORKSPACE_VARIABLE}


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


def run_inline(work: Callable[[*Ts], Coroutine[Any, Any, T]], *arguments: *Ts) -> T:
    """Run `work`, which only reads by `read_inline` and waits for nothing, to its end on the spot. To import an event
    loop takes longer than most questions take to answer."""
    going = work(*arguments)
    try:
        going.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    going.close()
    raise RuntimeError(f"{work.__name__} waits for something, and there is no event loop")


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
