"""`platos pause` and `platos resume`: a specialist, or all of them, is held still, and let go on."""

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

__all__ = ["Steered", "pause", "resume"]

Name = Annotated[str, typer.Argument(metavar="[NAME]", help="The specialist.", show_default=False)]
All = Annotated[bool, typer.Option("--all", help="All specialists, those that are still to come included.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why, for the journal and for who sees it.")]


class Steered(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, to whom (empty: to all), and by whom. `by_up`: `platos up` was told."""

    done: str
    specialist: str
    by: str
    by_up: bool


def pause(ctx: typer.Context, name: Name = "", everything: All = False, why: Why = "") -> None:
    """Hold a specialist still, or all of them: no wake-up begins, and no step of a run.

    What is under way is kept when it ends. Wake-ups that come meanwhile stay due.

    Example: platos pause advisories --why "the source is being moved"
    """
    show(ctx, run_async(_steer, load(ctx), "pause", _whom(name, everything), why), _render)


def resume(ctx: typer.Context, name: Name = "", everything: All = False) -> None:
    """Let go on what was paused.

    Wake-ups that came due meanwhile are handled as the schedule's catch_up says. Where platos up does not run, what is
    open goes on here, to its next wait.

    Example: platos resume advisories
    """
    show(ctx, run_async(_steer, load(ctx), "resume", _whom(name, everything), ""), _render)


def _whom(name: str, everything: bool) -> str:
    """A specialist's name, empty for all. Raises UsageError."""
    if bool(name) == everything:
        raise UsageError("say whom", expected="one specialist's name, or --all", hint="platos status lists them")
    return name


async def _steer(app: App, command: str, name: str, why: str) -> Steered:
    by = person()
    done = await change(app, command, {"name": name, "by": by, "why": why}, typed=command)
    return Steered(done=command, specialist=name, by=by, by_up=done.by_up)


def _render(steered: Steered) -> Iterator[Line]:
    whom = steered.specialist or "everything"
    if steered.done == "pause":
        yield f"{whom} is paused by {steered.by}"
        yield f"  next: platos resume {steered.specialist or '--all'}"
    elif steered.by_up:
        yield f"{whom} goes on"
    else:
        yield f"{whom} goes on; platos up does not run, so nobody wakes the specialists"
        yield "  next: platos up"
