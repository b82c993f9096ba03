"""`platos undo`: a person takes back what a run has done, after they were shown exactly what that comes to."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import msgspec
import typer

from platos.app import App
from platos.cli._arguments import render_argument
from platos.cli._change import change, person
from platos.cli._context import load, number_of, options_of, run_async, show
from platos.cli.output import Line, bold, clean
from platos.core.effect import EffectState
from platos.errors import UsageError

__all__ = ["Undone", "undo"]

Run = Annotated[str, typer.Argument(metavar="RUN", help="The run, as in r7.", show_default=False)]
Effect = Annotated[
    str,
    typer.Option("--effect", metavar="EVIDENCE", help="Which of its effects, where it has several: e7, or its key."),
]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why, for the journal.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask whether it is meant.")]
Happened = Annotated[
    bool | None,
    typer.Option(
        "--happened/--not-happened",
        help="What you found where it is in doubt whether it was taken back.",
        show_default=False,
    ),
]


class Undone(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken back, by which call, and what the world answered. `by_up`: `platos up` did it."""

    run: str
    effect: str
    did: str
    tool: str
    arguments: dict[str, Any]
    state: str
    receipt: str
    by: str
    by_up: bool


class _Asked(NamedTuple):
    """What a person typed."""

    run: int
    effect: str
    why: str
    happened: bool | None


def undo(
    ctx: typer.Context, run: Run, effect: Effect = "", why: Why = "", yes: Yes = False, happened: Happened = None
) -> None:
    """Take back what a run has done, by the tool that its own one declares.

    What would be done is shown first, with what would change, and exactly that is done. It is an effect of its own,
    with a receipt and evidence; an autopilot that let the first one be done is taken back too.

    Example: platos undo r7 --effect e7
    """
    app, asked = load(ctx), _Asked(number_of(run, "r", "run"), effect, why, happened)
    shown = run_async(_shown, app, asked)
    if happened is None and shown["state"] != EffectState.IN_DOUBT:
        _agree(ctx, shown, yes)
    show(ctx, run_async(_undo, app, asked, shown), _render)


async def _shown(app: App, asked: _Asked) -> dict[str, Any]:
    done = await change(app, "show_undo", {"run": asked.run, "effect": asked.effect}, typed="undo")
    answer: dict[str, Any] = done.answer
    return answer


def _agree(ctx: typer.Context, shown: dict[str, Any], yes: bool) -> None:
    """Is that meant? Raises UsageError where nobody can be asked, and typer.Abort where it is not."""
    for line in _lines(shown):
        typer.echo(clean(line if isinstance(line, str) else line.text), err=True)
    if yes:
        return
    if options_of(ctx).json or not sys.stdin.isatty():
        raise UsageError(
            f"nobody can be asked whether {shown['tool']} is to be called", expected="--yes, where this is meant"
        )
    typer.confirm("Do exactly this?", abort=True, err=True)


def _lines(shown: dict[str, Any]) -> Iterator[Line]:
    yield bold(f"{shown['effect']} of {shown['run']} is taken back: {shown['did']}")
    yield f"  by {shown['tool']} ({shown['effect_class']}), called with"
    for name, value in shown["arguments"].items():
        yield from (f"  {line}" for line in render_argument(name, value))
    for name, value in shown["preconditions"].items():
        yield f"  only if {name} is {value}"
    if shown["state"] == EffectState.DISPATCHED:
        yield "  It was sent before, and no answer came: first it is looked whether it happened."
    if shown["preview"]:
        yield "  would change"
        yield from (f"    | {line}" for line in shown["preview"].splitlines())


async def _undo(app: App, asked: _Asked, shown: dict[str, Any]) -> Undone:
    by = person()
    wish = {**asked._asdict(), "shown": shown["digest"], "by": by}
    done = await change(app, "undo", wish, typed="undo")
    return Undone(
        run=shown["run"],
        effect=shown["effect"],
        did=shown["did"],
        tool=shown["tool"],
        arguments=shown["arguments"],
        state=done.answer["state"],
        receipt=done.answer["receipt"],
        by=by,
        by_up=done.by_up,
    )


def _render(undone: Undone) -> Iterator[Line]:
    yield f"{undone.effect} of {undone.run} is taken back: {undone.receipt}"
    yield f"  next: platos show {undone.run}"
