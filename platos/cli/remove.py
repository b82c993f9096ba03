"""`platos remove`: specialists that a template makes wake no more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._change import change, person
from platos.cli._context import load, run_async, show
from platos.cli.output import Line
from platos.errors import UsageError

__all__ = ["remove"]


class Gone(msgspec.Struct, frozen=True, kw_only=True):
    """How many specialists were removed now, and how many had been before."""

    removed: int
    unchanged: int
    by_up: bool


def remove(
    ctx: typer.Context,
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="The specialists.")] = None,
    template: Annotated[str, typer.Option("--template", metavar="NAME", help="All that this template makes.")] = "",
) -> None:
    """Remove specialists that a template makes: they wake no more.

    Either all are removed or none is. What they began goes on; their items, runs and journal are kept, and platos add
    makes them again. One that has a file of its own goes when you take the file away.

    Example: platos remove acme-berlin acme-paris
    """
    if bool(names) == bool(template):
        raise UsageError("say whom", expected="the names of specialists, or --template", hint="platos specialists")
    show(ctx, run_async(_remove, load(ctx), tuple(dict.fromkeys(names or ())), template), _render)


async def _remove(app: App, names: tuple[str, ...], template: str) -> Gone:
    arguments = {"names": names, "template": template, "by": person()}
    done = await change(app, "remove", arguments, typed="remove")
    return Gone(by_up=done.by_up, **done.answer)


def _render(gone: Gone) -> Iterator[Line]:
    said = f"{gone.removed:,} removed: they wake no more"
    yield said + (f"; {gone.unchanged:,} had been before" if gone.unchanged else "")
    yield "  what they began goes on, and their past is kept; platos add makes them again"
