"""What a person is shown of a change to a file: a unified diff, made of what stands and of what would."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import unified_diff

__all__ = ["diff"]

_MOST_LINES = 5_000
_END = "\\ no newline at the end\n"


def diff(path: str, before: bytes | None, after: bytes | None) -> str:
    """A unified diff; `None` is no file. Where one side is no text, or very long, only sizes are told."""
    if before == after:
        return f"nothing: {path} is like that already"
    old, new = _lines(before), _lines(after)
    if old is None or new is None:
        return f"{path}: from {_size(before)} to {_size(after)}; it is no text, or too long for a diff"
    names = path if before is not None else "no file", path if after is not None else "no file"
    return "".join(_ended(unified_diff(old, new, *names)))


def _lines(content: bytes | None) -> list[str] | None:
    try:
        text = (content or b"").decode()
    except UnicodeDecodeError:
        return None
    *whole, last = text.split("\n")
    lines = [f"{line}\n" for line in whole] + ([last] if last else [])
    return lines if len(lines) <= _MOST_LINES and "\0" not in text else None


def _ended(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n{_END}"


def _size(content: bytes | None) -> str:
    return "no file" if content is None else f"{len(content):,} bytes"
