"""The page that the demo tells its story on: at most a hundred columns, colours on a terminal alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec
from rich.console import Console, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from platos.cli.output import clean, one_line, print_result

__all__ = ["box", "columns", "folder", "heading", "page", "print_json", "prose", "rows"]

_WIDTH = 100
_CELL = 60


def page() -> Console:
    """stdout. Nothing that is printed is markup: what came from outside is shown as it stands."""
    console = Console(highlight=False, markup=False, emoji=False)
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
    """A table without lines; the columns named in `right` hold numbers."""
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim", pad_edge=False)
    for at, name in enumerate(head):
        table.add_column(name, justify="right" if at in right else "left", no_wrap=True, overflow="ellipsis")
    for row in cells:
        table.add_row(*(Text(one_line(clean(cell), _CELL)) for cell in row))
    return table


def columns(left: RenderableType, right: RenderableType) -> Table:
    """Two things side by side."""
    grid = Table.grid(padding=(0, 4, 0, 0))
    grid.add_row(left, right)
    return grid


def box(title: str, lines: Iterable[str]) -> Panel:
    """Something that waits for a person."""
    return Panel(Text("\n".join(map(clean, lines))), title=Text(clean(title)), title_align="left", border_style="yellow")


def folder(root: Path) -> str:
    """The folder as one types it from here."""
    here = Path.cwd()
    return str(root.relative_to(here) if root.is_relative_to(here) else root)
