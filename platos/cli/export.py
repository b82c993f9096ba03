"""`platos export`: the journal and the primary rows as lines of JSON."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer

from platos.app import App
from platos.cli._context import load, run_async, show
from platos.cli._progress import ticking
from platos.cli.output import Line
from platos.errors import UsageError
from platos.store.export import export_lines

__all__ = ["export"]


class Exported(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was written, and how many lines it has."""

    file: str
    lines: int


def export(
    ctx: typer.Context,
    file: Annotated[Path | None, typer.Argument(metavar="[FILE]", help="A new file; stdout without it.")] = None,
    jsonl: Annotated[bool, typer.Option("--jsonl", help="As lines of JSON, the one form that there is.")] = False,
) -> None:
    """Write the journal, and what cannot be made again from it, as lines of JSON.

    Each line has its `kind`: chain, entry, item, verdict, label, occurrence, cursor. Anybody can verify the journal:
    the `hash` of an entry is the SHA-256 of the 32 bytes of the hash before it in its chain, followed by the text of
    `event`, byte for byte as it stands between `"event":` and the last brace of the line. Before the first entry come
    32 zero bytes; where retention has cut a chain, the `base` of the chain's line.

    Example: platos export --jsonl everything.jsonl
    """
    if not jsonl:
        raise UsageError("in which form?", expected="--jsonl", hint="platos export --jsonl FILE")
    app = load(ctx)
    if file is None:
        run_async(_write, app, sys.stdout.buffer)
    else:
        show(ctx, run_async(_write_file, app, file.absolute()), _render)


async def _write(app: App, out: BinaryIO) -> int:
    return await app.offload(_copy, app.workspace.state, out)


async def _write_file(app: App, file: Path) -> Exported:
    return Exported(file=str(file), lines=await app.offload(_copy_to, app.workspace.state, file))


def _copy_to(folder: Path, file: Path) -> int:
    try:
        with file.open("xb") as out:
            return _copy(folder, out)
    except OSError as error:
        raise UsageError(f"it cannot be written: {error.strerror}", where=str(file), expected="a new file") from None


def _copy(folder: Path, out: BinaryIO) -> int:
    """Write every line; how many."""
    lines = export_lines(folder)
    total, first = next(lines)
    with ticking(total, "lines") as tick:
        out.write(first + b"\n")
        for _, line in lines:
            out.write(line + b"\n")
            tick()
    out.flush()
    return total


def _render(done: Exported) -> Iterator[Line]:
    yield f"{done.file}: {done.lines} lines"
