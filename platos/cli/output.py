"""Output: results on stdout, as text for people or as one JSON object for programs.

Whatever is printed goes through `clean`, here and nowhere else: text from outside cannot speak to a terminal.
"""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeVar

import msgspec
import typer

from platos.errors import PlatosError

__all__ = ["SCHEMA", "Styled", "bold", "clean", "one_line", "print_error", "print_result", "red", "table", "yellow"]

SCHEMA = 1
"""The version of every JSON object; a changed meaning is a new number."""

S = TypeVar("S", bound=msgspec.Struct)

_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")


class Styled(NamedTuple):
    """A line of text and how a terminal with colours shows it."""

    text: str
    style: dict[str, Any]


Line = str | Styled


def bold(text: str) -> Styled:
    """A heading."""
    return Styled(text, {"bold": True})


def yellow(text: str) -> Styled:
    """Something that waits for a person."""
    return Styled(text, {"fg": "yellow"})


def red(text: str) -> Styled:
    """Something that is wrong."""
    return Styled(text, {"fg": "red"})


def clean(text: str) -> str:
    """The text with control characters, and those that turn the direction of writing, spelled out: `\\x1b[31m`.

    Spelled out and not dropped, so that who approves a text sees that they are in it.
    """
    return _UNPRINTABLE.sub(_spelled, text.replace("\r\n", "\n"))


def one_line(text: str, longest: int = 100) -> str:
    """The beginning of a text, on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= longest else flat[: longest - 1] + "…"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[Line]:
    """Rows under a heading, each column as wide as its widest cell."""
    cells = [[one_line(clean(cell)) for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in cells]
    return [bold(lines[0]), *lines[1:]]


def print_result(result: S, render: Callable[[S], Iterable[Line]], *, as_json: bool) -> None:
    """A command's result on stdout."""
    if as_json:
        _print_json(msgspec.to_builtins(result))
    else:
        for line in render(result):
            _print_line(line)


def print_error(error: PlatosError, *, as_json: bool) -> None:
    """What is wrong, where, what was expected and what to do next: on stderr, or for programs on stdout."""
    if as_json:
        _print_json(error.as_dict())
    else:
        typer.echo(clean(str(error)), err=True)


def _print_json(values: dict[str, Any]) -> None:
    typer.echo(json.dumps({"schema": SCHEMA, **values}, indent=2))


def _print_line(line: Line) -> None:
    text, style = line if isinstance(line, Styled) else (line, {})
    typer.echo(typer.style(clean(text), **style) if style and _has_colours() else clean(text))


def _has_colours() -> bool:
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _spelled(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
