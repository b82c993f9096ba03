"""The arguments of a call as a person is shown them: all of them, in full."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from platos.cli.output import Line

__all__ = ["render_argument"]


def render_argument(name: str, value: Any) -> Iterator[Line]:
    """An argument in full; a text of several lines as it stands, behind a margin that no text can forge."""
    if not isinstance(value, str):
        yield f"  {name} = {json.dumps(value, ensure_ascii=False)}"
        return
    lines = value.split("\n")
    if len(lines) == 1:
        yield f"  {name} = {value}"
        return
    yield f"  {name} ="
    for line in lines:
        yield f"    | {line}"
