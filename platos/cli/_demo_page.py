"""The page that the demo tells its story on: at most a hundred columns, colours on a terminal alone."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from platos.cli.output import clean, one_line, print_result

__all__ = ["box", "columns", "command", "folder", "heading", "page", "print_json", "prose", "rows"]

_WIDTH = 100


def page() -> Console:
    """stdout. Nothing that is printed is markup: what came from outside is shown as it stands."""
    console = Console(highlight=False, markup=False, emoji=False, force_terminal=sys.stdout.isatty())
    console.width = min(console.width, _WIDTH) if console.is_terminal else _WIDTH
    return console


def print_json(result: msgspec.Struct) -> None:
    """The result for programs."""
    print_result(result, lambda _: (), as_json=True)


def heading(text: str) -> Text:
    """The first line of a section."""
    return Text(f"\n{clean(text)}", style="bold")


def prose(text: str) -> Text:
    """What a section has to say."""
    return Text(clean(text), style="dim")


def rows(head: Sequence[str], cells: Iterable[Sequence[str]], *, right: Sequence[int] = ()) -> Table:
    """A table without lines; the columns named in `right` hold numbers. Where it is too wide, the last one is cut."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False, show_header=any(head))
    for at, name in enumerate(head):
        table.add_column(name, justify="right" if at in right else "left", no_wrap=at + 1 < len(head))
    for row in cells:
        table.add_row(*(Text(one_line(clean(cell), _WIDTH), no_wrap=True, overflow="ellipsis") for cell in row))
    return table


def columns(left: RenderableType, right: RenderableType) -> Table:
    """Two things side by side."""
    grid = Table.grid(padding=(0, 4, 0, 0))
    grid.add_row(left, right)
    return grid


def box(title: str, lines: Iterable[str]) -> Panel:
    """Something that waits for a person."""
    return Panel(
        Text("\n".join(map(clean, lines))), title=Text(clean(title)), title_align="left", border_style="yellow"
    )


def folder(root: Path) -> str:
    """The folder as one types it from here."""
    here = Path.cwd()
    return str(root.relative_to(here) if root.is_relative_to(here) else root)


def command(root: Path, *words: str) -> str:
    """A command on the workspace, as one types it from here: behind `uv run` where this one was."""
    uv = ["uv", "run"] * ("UV" in os.environ)
    return shlex.join([*uv, "platos", "--workspace", folder(root), *words])
