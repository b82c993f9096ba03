"""`platos dead`: the runs that failed, and of one of them all that is needed to decide what becomes of it."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer

from platos.cli._context import locate, number_of, run_inline, show
from platos.cli._dead_letter import DeadLetter, DeadLetterInFull, read_letter, read_letter_in_full
from platos.cli._dead_text import render_letter, render_letters
from platos.config.workspace import Workspace
from platos.errors import NotFound
from platos.store import read_inline, runs

__all__ = ["DeadLetters", "dead"]


class DeadLetters(msgspec.Struct, frozen=True, kw_only=True):
    """The runs that failed, newest first."""

    dead: tuple[DeadLetter, ...]


def dead(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="[RUN]", help="One of them, in full.", show_default=False)] = "",
) -> None:
    """List the runs that failed, or tell of one all that there is to know before you decide.

    Nothing goes on with them by itself: platos retry RUN takes one up again, platos cancel RUN lays it aside.

    Example: platos dead r7
    """
    workspace = locate(ctx)
    if run:
        show(ctx, run_inline(_letter, workspace, number_of(run, "r", "run")), render_letter)
    else:
        letters = run_inline(_letters, workspace)
        show(ctx, letters, lambda found: render_letters(found.dead))


async def _letters(workspace: Workspace) -> DeadLetters:
    try:
        async with read_inline(workspace.state) as store:
            return DeadLetters(dead=tuple([await read_letter(store, row) for row in await runs.dead(store)]))
    except NotFound:
        return DeadLetters(dead=())


async def _letter(workspace: Workspace, run: int) -> DeadLetterInFull:
    async with read_inline(workspace.state) as store:
        return await read_letter_in_full(store, run)
