"""`platos replay`: a recorded stream through a specialist, on the virtual clock and a store that is thrown away."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Annotated

import typer

from platos.app import App
from platos.cli._context import options_of, run_async
from platos.cli._log import log_to_stderr
from platos.cli._options import WORKSPACE_VARIABLE
from platos.cli._replay_facts import Facts, gather
from platos.cli._replay_money import Naive, naive_of, paid_models
from platos.cli._replay_play import Play, end_of, evenly, play
from platos.cli._replay_recording import Bounds, Recording, copy_recording
from platos.cli._replay_scratch import app_around, in_scratch, scratch_folder
from platos.cli._replay_specialist import RECORDING, recorded, refuse_unknown_tables
from platos.cli._replay_text import render_replay
from platos.cli.output import clean, print_result
from platos.core.instant import Instant, parse_instant
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError, UsageError
from platos.runtime.engine import Engine

__all__ = ["app_of", "replay", "table_of", "tell_broken"]

_PIECES = 100
"""In how many pieces the time is lived through, to tell of the progress."""

_MOST_TOLD = 3


def replay(
    ctx: typer.Context,
    specialist: Annotated[Path, typer.Argument(metavar="SPECIALIST.md", help="Its file.", show_default=False)],
    stream: Annotated[Path, typer.Option("--stream", metavar="FILE", help="The recording.", show_default=False)],
    table: Annotated[
        list[str] | None, typer.Option("--table", metavar="NAME=FILE", help="Another file for a rule's table.")
    ] = None,
    start: Annotated[str, typer.Option("--from", metavar="TS", help="Nothing that happened before.")] = "",
    end: Annotated[str, typer.Option("--to", metavar="TS", help="Only what happened before.")] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Spend money on models that are not free.")] = False,
) -> None:
    """Replay a recorded stream through a specialist, in seconds.

    Its sources are replaced by the recording; it wakes by its own schedule, from the first item's time to the last's.
    No tool that does more than read is called, and nothing of it is kept. A recording is JSON lines {"id", "ts",
    "source", "text", "fields"}; where a line has "signal", the replay is scored by it, and what is replayed never sees
    it. Lines without a ts come at once, 10,000 a wake-up.

    Example: platos replay specialists/advisories.md --stream march.jsonl
    """
    path, tables = specialist.absolute(), dict(map(table_of, table or []))
    bounds = Bounds(_instant("--from", start), _instant("--to", end))
    app = app_of(ctx, path.parent)
    refuse_unknown_tables([path], tables)
    its = recorded(app, path, tables)
    _agree_on_the_price(app, its, yes)
    with scratch_folder(stream) as scratch:
        recording = copy_recording(stream, scratch / RECORDING, bounds)
        tell_broken(recording)
        facts = _play(in_scratch(app, its, path.parent, scratch), its, recording, naive_of(app, its))
    print_result(facts.result, lambda _: render_replay(facts), as_json=options_of(ctx).json)


def _play(app: App, its: Specialist, recording: Recording, naive: Naive) -> Facts:
    async def look(engine: Engine) -> Facts:
        return await gather(engine.store, its, recording, naive)

    moments = evenly(recording.first, end_of(recording, its.schedule), _PIECES)
    return run_async(play, Play(app, its, recording, moments, f"% of {recording.days:,g} days"), look)


def app_of(ctx: typer.Context, folder: Path) -> App:
    """The app around the specialist; the log tells of what goes wrong, and not of every wake-up."""
    options = options_of(ctx)
    environ = dict(os.environ)
    environ.pop(WORKSPACE_VARIABLE, None)
    app = app_around(folder, options.workspace, options.settings, environ)
    log_to_stderr(options.log, app.clock)
    logging.getLogger("platos").setLevel(logging.WARNING)
    return app


def _agree_on_the_price(app: App, its: Specialist, yes: bool) -> None:
    """Raises UsageError where a model costs money and nobody said yes to that."""
    paid = paid_models(app, its)
    if not paid:
        return
    told = "; ".join(each.words() for each in paid)
    if not yes:
        raise UsageError(
            f"this replay would spend money: {told}",
            expected="models that are free, or --yes",
            hint=f"add --yes to spend up to {its.budget.day} for each day that is replayed",
        )
    typer.echo(clean(f"This replay spends money, up to {its.budget.day} a replayed day: {told}"), err=True)


def tell_broken(recording: Recording) -> None:
    """Of what could not be read, the first lines on stderr, and how many more there are."""
    for line in recording.broken[:_MOST_TOLD]:
        typer.echo(clean(f"left out: {line}"), err=True)
    if len(recording.broken) > _MOST_TOLD:
        typer.echo(f"left out: {len(recording.broken) - _MOST_TOLD:,} more lines that cannot be read", err=True)


def _instant(option: str, text: str) -> Instant | None:
    try:
        return parse_instant(text) if text else None
    except ConfigurationError as error:
        raise UsageError(error.what, where=option, expected=error.expected) from None


def table_of(text: str) -> tuple[str, Path]:
    """`NAME=FILE` as a table's name and the absolute path of its file. Raises UsageError."""
    name, equals, file = text.partition("=")
    if equals and Path(file).is_file():
        return name, Path(file).absolute()
    what = f"there is no file {file!r}" if equals else f"{text!r} names no table and its file"
    raise UsageError(what, where="--table", expected="NAME=FILE, as in --table stack=requirements.txt")
