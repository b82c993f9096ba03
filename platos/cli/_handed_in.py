"""Work that is handed in: files and stdin, as items."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import BinaryIO

from platos.cli.output import one_line
from platos.core.digest import digest_bytes
from platos.core.item import Item
from platos.errors import UsageError

__all__ = ["read_item"]

_LARGEST = 10_000_000
"""Bytes that a file handed in may have."""

_TITLE_CHARS = 200


def read_item(path: str) -> Item:
    """A file, or stdin, as an item. Raises UsageError."""
    if path == "-":
        content = _bounded(sys.stdin.buffer, "stdin")
        return _item(digest_bytes(content), content)
    try:
        with Path(path).open("rb") as file:
            return _item(os.fsencode(Path(path).name).decode("utf-8", errors="replace"), _bounded(file, path))
    except OSError as error:
        raise UsageError(
            f"it cannot be read: {error.strerror}", where=path, expected="a file of text, or - for stdin"
        ) from None


def _bounded(file: BinaryIO, where: str) -> bytes:
    content = file.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise UsageError(
            "it is too large to be one item",
            where=where,
            expected=f"at most {_LARGEST // 1_000_000} MB",
            hint="hand in the part that matters, or several smaller files",
        )
    return content


def _item(name: str, content: bytes) -> Item:
    text = content.decode("utf-8", errors="replace")
    whole = text.encode("utf-8") == content
    first = next((line for line in text.splitlines() if line.strip()), "")
    title = one_line(first.lstrip("# "), _TITLE_CHARS)
    return Item(id=name, text=text, title=title, fields={} if whole else {"invalid_utf8": True})
