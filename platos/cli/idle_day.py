"""`platos idle-day`: what a day costs on which nothing happens, and how much is found, design by design."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from platos.cli._context import options_of
from platos.cli._idle_demo import DEMO_DAYS, make_demo
from platos.cli._idle_plot import draw
from platos.cli._idle_prices import PRICED_AS, pair_of
from platos.cli._idle_replay import every_of, ready, replay_design
from platos.cli._idle_result import tell
from platos.cli._idle_text import render_idle_days
from platos.cli._replay_recording import Bounds, Recording, copy_recording
from platos.cli._replay_scratch import scratch_folder
from platos.cli._replay_specialist import RECORDING, refuse_unknown_tables
from platos.cli.output import print_result
from platos.cli.replay import app_of, table_of, tell_broken
from platos.core.instant import DAY
from platos.errors import UsageError

__all__ = ["idle_day"]


def idle_day(
    ctx: typer.Context,
    specialists: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[SPECIALIST.md]...", help="Their files; none for the demo's own.", show_default=False),
    ] = None,
    stream: Annotated[
        Path | None, typer.Option("--stream", metavar="FILE", help="The recording.", show_default=False)
    ] = None,
    table: Annotated[
        list[str] | None, typer.Option("--table", metavar="NAME=FILE", help="Another file for a rule's table.")
    ] = None,
    days: Annotated[int | None, typer.Option("--days", metavar="N", min=1, help="Only its last N days.")] = None,
    every: Annotated[str, typer.Option("--every", metavar="15m", help="Wake so often, whatever they say.")] = "",
    price_as: Annotated[
        str, typer.Option("--price-as", metavar="MODEL,MODEL", help="At the prices of this frontier and small model.")
    ] = PRICED_AS,
    prices: Annotated[
        Path | None, typer.Option("--prices", metavar="FILE", help="Prices of your own, as in platos.toml.")
    ] = None,
    plot: Annotated[Path | None, typer.Option("--plot", metavar="FILE.svg", help="Draw it.")] = None,
) -> None:
    """Show what an idle day costs, and how much is found: of several specialists, side by side on one recording.

    Beside them stand agents that ask a model at every wake-up. Nothing is spent: the offline model answers for any that
    costs money, and calls are priced from a list. A day is idle where no line of it has "signal": true; where no line
    of the recording says what is a signal, a day on which nothing was let through.

    Example: platos idle-day watch.md watch-learned.md --stream march.jsonl --plot march.svg
    """
    pair, schedule, tables = pair_of(price_as, prices), every_of(every), dict(map(table_of, table or []))
    with scratch_folder(stream or Path(RECORDING)) as scratch:
        files, recorded_in = _chosen(specialists or [], stream, scratch, days or DEMO_DAYS)
        copy = scratch / RECORDING
        recording = _recording(recorded_in, copy, days)
        refuse_unknown_tables(files, tables)
        designs = [ready(app_of(ctx, file.parent), file, tables, schedule) for file in files]
        told = [
            replay_design(each, copy, recording, pair, scratch / f"{number}", name)
            for number, (each, name) in enumerate(zip(designs, _names(files), strict=True))
        ]
        result = tell(told, designs, recording, pair, stream)
    if plot is not None:
        _write(plot, draw(result, told))
    print_result(result, render_idle_days, as_json=options_of(ctx).json)


def _chosen(files: Sequence[Path], stream: Path | None, scratch: Path, days: int) -> tuple[list[Path], Path]:
    """The specialists' files and the recording. Raises UsageError where only one of both was named."""
    if files and stream:
        return [file.absolute() for file in files], stream
    if files or stream:
        what, expected = ("specialist", "--stream FILE") if files else ("recording", "SPECIALIST.md")
        hint = "record what one was given: platos items NAME --jsonl > recording.jsonl"
        raise UsageError(f"a {what} alone shows nothing", expected=f"{expected} beside it", hint=hint)
    file, made = make_demo(scratch, days)
    return [file], made


def _recording(stream: Path, copy: Path, days: int | None) -> Recording:
    """The recording, or its last days, copied. Raises UsageError where it has no days."""
    recording = copy_recording(stream, copy, Bounds())
    if not recording.timed:
        raise UsageError(
            "the recording has no times, and so no days",
            where=str(stream),
            expected='lines with a "ts"',
            hint="platos replay shows what becomes of its items",
        )
    if days is not None:
        recording = copy_recording(stream, copy, Bounds(start=(recording.last // DAY - days + 1) * DAY))
    tell_broken(recording)
    return recording


def _names(files: Sequence[Path]) -> list[str]:
    """What people call each design: its file's name, with the folder's where two are alike."""
    count = Counter(file.stem for file in files)
    return [file.stem if count[file.stem] == 1 else f"{file.parent.name}/{file.stem}" for file in files]


def _write(path: Path, content: str) -> None:
    try:
        path.write_text(content, encoding="utf-8")
    except OSError as error:
        raise UsageError(
            f"the plot cannot be written: {error.strerror}", where=str(path), expected="a place for an SVG file"
        ) from None
