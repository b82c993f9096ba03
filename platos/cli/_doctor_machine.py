"""What the doctor sees of the machine: Python, SQLite, its full-text search, and files that run code in every Python
process."""

from __future__ import annotations

import platform
import site
import sqlite3
import sysconfig
from contextlib import closing
from pathlib import Path

from platos.cli._finding import Finding, fine, note, wrong
from platos.errors import ConfigurationError, StoreError
from platos.store.word_index import require_full_text

__all__ = ["look_at_machine", "unexpected_pth"]

_REPAIRED = (3, 51, 3)
"""The first SQLite without the WAL-reset bug."""

_EXPECTED_PTH = ("_virtualenv.pth", "distutils-precedence.pth", "__editable__")


def look_at_machine() -> list[Finding]:
    """Python, SQLite and `.pth` files."""
    return [fine("python", platform.python_version()), _sqlite(), _full_text(), *_pth()]


def _full_text() -> Finding:
    """Facts are found by FTS5, which not every SQLite has."""
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            require_full_text(connection)
    except StoreError as error:
        return wrong("full-text search", error)
    return fine("full-text search", "this SQLite has FTS5")


def _sqlite() -> Finding:
    if sqlite3.sqlite_version_info >= _REPAIRED:
        return fine("sqlite", sqlite3.sqlite_version)
    return note(
        "sqlite",
        f"{sqlite3.sqlite_version} has the WAL-reset bug, which 3.51.3 repaired. Platos is not touched by it: one "
        "connection alone writes and checkpoints",
        "let no other program write to .platos/platos.db",
    )


def _pth() -> list[Finding]:
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib"), *site.getsitepackages()}
    found = [path for folder in sorted(folders) for path in unexpected_pth(Path(folder))]
    error = ConfigurationError(
        "it runs code in every Python process, and nothing that Platos needs does that",
        hint="find out which package put it there, and remove it",
    )
    return [wrong(str(path), error) for path in found] or [fine(".pth files", "none that runs code unexpectedly")]


def unexpected_pth(folder: Path) -> list[Path]:
    """The folder's `.pth` files that run code and are not known to. A line that begins with `import` is code."""
    return [
        path
        for path in sorted(folder.glob("*.pth"))
        if not path.name.startswith(_EXPECTED_PTH) and any(map(_is_code, _lines(path)))
    ]


def _lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8", errors="replace").splitlines()


def _is_code(line: str) -> bool:
    return line.startswith(("import ", "import\t"))
