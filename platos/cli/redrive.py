"""`platos retry` and `platos cancel`: a run is taken up again, or ends where it is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec
import typer

from platos.app import App
from platos.cli._change import change, person
from platos.cli._context import load, number_of, run_async, show
from platos.cli._ending import RunEnding, how_runs_stand
from platos.cli.exits import ExitCode
from platos.cli.output import Line
from platos.core.state import State

__all__ = ["Redriven", "cancel", "retry"]

Run = Annotated[str, typer.Argument(metavar="RUN", help="The run, as in r7.", show_default=False)]
Happened = Annotated[
    bool | None,
    typer.Option(
        "--happened/--not-happened",
        help="What you found where an effect is in doubt: the oldest one, where there are several.",
        show_default=False,
    ),
]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="Why, for the journal.")]


class Redriven(msgspec.Struct, frozen=True, kw_only=True):
    """What was done with a run, and how it stands. `by_up`: `platos up` goes on with it."""

    done: str
    by: str
    by_up: bool
    run: RunEnding


def retry(ctx: typer.Context, run: Run, happened: Happened = None) -> None:
    """Take up a run that failed, or waits.

    What is finished is not done again. Where the code is not what it was, or the reasoning was at fault, it is planned
    anew; no effect happens twice. Where platos up does not run, the run goes on here, to its end or to its next wait.

    Example: platos retry r7 --not-happened
    """
    arguments = {"run": number_of(run, "r", "run"), "happened": happened}
    redriven = run_async(_redrive, load(ctx), "retry", arguments)
    show(ctx, redriven, _render)
    raise typer.Exit(ExitCode.OK if redriven.by_up else redriven.run.code)


def cancel(ctx: typer.Context, run: Run, why: Why = "") -> None:
    """End a run where it is, or lay one aside that failed.

    What it asked for is asked no more. What it has sent without an answer is in doubt: platos show tells of it.

    Example: platos cancel r7 --why "the advisory was withdrawn"
    """
    arguments = {"run": number_of(run, "r", "run"), "why": why}
    show(ctx, run_async(_redrive, load(ctx), "cancel", arguments), _render)


async def _redrive(app: App, command: str, arguments: dict[str, Any]) -> Redriven:
    by = person()
    done = await change(app, command, {**arguments, "by": by}, typed=command)
    [run] = await how_runs_stand(app, [arguments["run"]])
    return Redriven(done=command, by=by, by_up=done.by_up, run=run)


def _render(redriven: Redriven) -> Iterator[Line]:
    run = redriven.run
    if redriven.done == "retry" and redriven.by_up and run.state in (State.RUNNING, State.PENDING):
        yield f"{run.run} goes on in platos up"
        yield f"  next: platos show {run.run}"
    else:
        yield from run.lines()
