"""`platos demo`: a day in the life of a specialist, or a crash in the middle of its work, on a workspace of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["demo"]


def demo(
    directory: Annotated[
        Path, typer.Argument(metavar="DIR", help="The workspace to make; DIR-2 where there is one.", show_default=True)
    ] = Path("platos-demo"),
    crash: Annotated[
        bool, typer.Option("--crash", help="Kill the process in the middle of a run, and watch it go on.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Watch a specialist live through a day: no key, no network, nothing spent."""
    _crash(directory, as_json) if crash else _day(directory, as_json)


def _day(directory: Path, as_json: bool) -> None:
    from functools import partial

    import anyio

    from platos.cli._demo_day import WAKES, live_a_day
    from platos.cli._demo_facts import gather
    from platos.cli._demo_progress import ticking
    from platos.cli._demo_story import as_object, tell
    from platos.cli._demo_workspace import make_workspace

    root = make_workspace(directory)
    with ticking(WAKES, "wake-ups") as tick:
        anyio.run(live_a_day, root, tick)
    day = anyio.run(partial(gather, root))
    _print_json(as_object(day)) if as_json else tell(day)


def _crash(directory: Path, as_json: bool) -> None:
    import anyio

    from platos.cli._demo_crash import crash_and_go_on
    from platos.cli._demo_crash_story import as_object, tell
    from platos.cli._demo_workspace import make_crash_workspace

    root = make_crash_workspace(directory)
    crashed = anyio.run(crash_and_go_on, root, _note)
    _print_json(as_object(crashed)) if as_json else tell(crashed)


def _note(line: str) -> None:
    typer.echo(line, err=True)


def _print_json(thing: dict[str, object]) -> None:
    import json

    typer.echo(json.dumps(thing, indent=2))
