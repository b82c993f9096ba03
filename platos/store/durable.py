"""Files that stay: what is written, renamed or removed here outlives a loss of power. Blocking; raises OSError."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["put_in_place", "remove", "sync", "write"]


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def put_in_place(made: Path, path: Path) -> None:
    """Give a file that is whole its name, in place of one that has it."""
    sync(made)
    made.rename(path)
    sync(path.parent)


def write(path: Path, content: bytes) -> None:
    """Write a small private file: it is there whole, or as it was before."""
    made = path.with_name(f"{path.name}.new")
    handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(handle, content)
    finally:
        os.close(handle)
    put_in_place(made, path)


def remove(path: Path) -> None:
    """Remove a file, if it is there."""
    path.unlink(missing_ok=True)
    sync(path.parent)
