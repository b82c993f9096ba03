"""A few characters of something from outside, safe to show to people."""

from __future__ import annotations

__all__ = ["excerpt"]

_MOST = 80


def excerpt(content: str | bytes, most: int = _MOST) -> str:
    """The first `most` characters on one line, without control characters."""
    head = content[: most * 4]
    text = head.decode("utf-8", "replace") if isinstance(head, bytes) else head
    line = " ".join(text.split())
    return "".join(character for character in line if character.isprintable())[:most]
