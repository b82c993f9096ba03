"""`platos demo`: a day in the life of a specialist, or a crash in the middle of its work, on a workspace of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from platos.cli._context import options_of, run_async

__all__ = ["demo"]


def demo(
    ctx: typer.Context,
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The workspace to make; DIR-2 where there is one.")
    ] = Path("platos-demo"),
    crash: Annotated[
        bool, typer.Option("--crash", help="Kill the process in the middle of a run, and watch it go on.")
    ] = False,
) -> None:
    """Watch a specialist live through a day: no key, no network, nothing spent.

    Example: platos demo --crash
    """
    _crash(ctx, directory) if crash else _day(ctx, directory)


def _day(ctx: typer.Context, directory: Path) -> None:
    from platos.cli._demo_day import WAKES, live_a_day
    from platos.cli._demo_facts import gather
    from platos.cli._demo_page import print_json
    from platos.cli._demo_result import as_result
    from platos.cli._demo_story import tell
    from platos.cli._demo_workspace import make_workspace
    from platos.cli._progress import ticking

    root = make_workspace(directory)
    with ticking(WAKES, "wake-ups") as tick:
        run_async(live_a_day, root, tick)
    day = run_async(gather, root)
    print_json(as_result(day)) if options_of(ctx).json else tell(day)


def _crash(ctx: typer.Context, directory: Path) -> None:
    from platos.cli._demo_crash import crash_and_go_on
    from platos.cli._demo_crash_story import as_result, tell
    from platos.cli._demo_page import print_json
    from platos.cli._demo_workspace import make_crash_workspace

    root = make_crash_workspace(directory)
    crashed = run_async(crash_and_go_on, root, _note)
    print_json(as_result(crashed)) if options_of(ctx).json else tell(crashed)


def _note(line: str) -> None:
    typer.echo(line, err=True)
