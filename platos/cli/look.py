"""`platos runs` and `show`: how things are, as the state says by itself. They read and never take the lock."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Annotated, NoReturn

import msgspec
import typer

from platos.cli._context import load, locate, number_of, options_of, run_async, run_inline, show
from platos.cli._story_text import Shown, render_story
from platos.cli.exits import ExitCode
from platos.cli.output import Line, table
from platos.cli.story import Story, read_story
from platos.config.workspace import Workspace
from platos.core.instant import iso
from platos.core.money import dollars
from platos.errors import NotFound, UsageError
from platos.store import ReadStore, accounts, read_inline, runs
from platos.store.runs import RunRow

__all__ = ["runs_command", "show_run"]

_LATEST = 20


class RunLine(msgspec.Struct, frozen=True, kw_only=True):
    """A run in a list. `failure` is the class of what it failed of, empty where it did not."""

    run: str
    specialist: str
    state: str
    outcome: str
    failure: str
    why: str
    opened: str
    ended: str
    cost_nano: int


class RunList(msgspec.Struct, frozen=True, kw_only=True):
    """The latest runs, newest first."""

    runs: tuple[RunLine, ...]


def runs_command(
    ctx: typer.Context,
    specialist: Annotated[str, typer.Option("--specialist", metavar="NAME", help="Only the runs of this one.")] = "",
) -> None:
    """List the latest runs.

    Example: platos runs --specialist advisories
    """
    show(ctx, run_inline(_runs, locate(ctx), specialist), _render_runs)


def show_run(
    ctx: typer.Context,
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run, as in r1.", show_default=False)],
    results: Annotated[bool, typer.Option("--results", help="Also what each step was given and came to.")] = False,
    calls: Annotated[bool, typer.Option("--calls", help="Also what models were asked, and said.")] = False,
    following: Annotated[bool, typer.Option("--follow", help="Watch it until it ends or rests.")] = False,
) -> None:
    """Tell the whole story of a run.

    Items and verdicts, plan, steps and calls, gates, effects, evidence and outcome; its journal is verified. What was
    asked and answered is kept without secrets; --json has all of it. With --follow its net is drawn as it goes (without
    a terminal: a line, or with --json an object, per change) until the run ends or rests; Ctrl-C ends only the looking.

    Example: platos show r1 --results --calls
    """
    if following:
        if results or calls:
            raise UsageError("--follow draws the net alone", expected="platos show RUN --results --calls, without it")
        _follow(ctx, number_of(run, "r", "run"))
    contents = calls or options_of(ctx).json
    story = run_inline(_story, locate(ctx), number_of(run, "r", "run"), contents)
    show(ctx, story, partial(render_story, shown=Shown(results, calls)))


def _follow(ctx: typer.Context, run: int) -> NoReturn:
    """Its exit code is that of the run, as it stands at the end."""
    from platos.cli._follow import follow

    try:
        ending = run_async(follow, load(ctx), run, options_of(ctx).json)
    except KeyboardInterrupt:
        typer.echo(f"The run goes on without you looking: platos show r{run} --follow", err=True)
        raise typer.Exit(ExitCode.OK) from None
    raise typer.Exit(ending.code)


async def _story(workspace: Workspace, run: int, contents: bool) -> Story:
    async with read_inline(workspace.state) as store:
        return await read_story(store, run, contents=contents)


async def _runs(workspace: Workspace, specialist: str) -> RunList:
    try:
        async with read_inline(workspace.state) as store:
            rows = await runs.latest(store, _LATEST, specialist)
            return RunList(runs=tuple([await _line(store, row) for row in rows]))
    except NotFound:
        return RunList(runs=())


async def _line(store: ReadStore, row: RunRow) -> RunLine:
    return RunLine(
        run=row.name,
        specialist=row.specialist,
        state=row.state,
        outcome=row.outcome or "",
        failure=row.failure,
        why=row.why,
        opened=iso(row.opened),
        ended=iso(row.ended),
        cost_nano=sum(call.charged for call in await accounts.calls_of_run(store, row.id)),
    )


def _render_runs(found: RunList) -> Iterator[Line]:
    if not found.runs:
        yield "No run yet. A run begins when triage finds a signal; platos wake NAME looks now."
        return
    rows = [
        (run.run, run.specialist, run.state, run.outcome, run.opened, dollars(run.cost_nano), run.why)
        for run in found.runs
    ]
    yield from table(("RUN", "SPECIALIST", "STATE", "OUTCOME", "OPENED", "COST", "WHY"), rows)
