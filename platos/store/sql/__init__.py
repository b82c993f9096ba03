"""Named queries: `load("runs").open_runs` is the statement under `-- name: open_runs` in `runs.sql`.

They keep to the subset that SQLite and PostgreSQL share; schemas are per dialect.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

__all__ = ["Queries", "load", "script", "spreads"]

if TYPE_CHECKING:

    class Queries(SimpleNamespace):
        def __getattr__(self, name: str) -> str: ...
else:
    Queries = SimpleNamespace

_NAME = re.compile(r"^-- name: (\w+)[^\n]*\n", re.MULTILINE)
_ROW = re.compile(r"\(\?(, \?)*\)")
_AT_ONCE = (256, 64, 16, 4, 1)


@cache
def load(table: str) -> Queries:
    """The queries of one file. A name that is not there is an AttributeError."""
    _, *parts = _NAME.split(script(f"{table}.sql"))
    return Queries(**{name: text.strip() for name, text in zip(parts[::2], parts[1::2], strict=True)})


def spreads(statement: str) -> dict[int, str]:
    """A statement about one row of values, `(?, ?)`, as one about so many, by how many: the most come first.

    Each statement hands the interpreter to other threads and back: one about many rows does so once.
    """
    found = _ROW.search(statement)
    assert found, "no row of values"
    return {count: statement.replace(found[0], ", ".join([found[0]] * count)) for count in _AT_ONCE}


def script(name: str) -> str:
    """A whole file of SQL."""
    return Path(__file__).with_name(name).read_text(encoding="utf-8")
