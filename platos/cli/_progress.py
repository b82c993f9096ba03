"""Progress on stderr: a bar on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

__all__ = ["ticking"]

_LINES = 4


@contextmanager
def ticking(total: int, what: str) -> Iterator[Callable[[], None]]:
    """What to call after each of `total` things."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    console = Console(stderr=True, force_terminal=sys.stderr.isatty())
    if not console.is_terminal:
        yield _lines(console.file.write, total, what)
        return
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task(what, total=total)
        yield lambda: progress.advance(task)


def _lines(write: Callable[[str], object], total: int, what: str) -> Callable[[], None]:
    numbers = count(1)

    def tick() -> None:
        number = next(numbers)
        if number % max(total // _LINES, 1) == 0:
            write(f"{number} of {total} {what}\n")

    return tick
