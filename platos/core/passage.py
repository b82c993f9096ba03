"""Passages: a note cut into pieces that say one thing each, with the headings that they stand under."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["LONGEST", "LONGEST_TITLE", "Passage", "cut", "passages_of"]

LONGEST = 600
"""Characters of a passage. What is longer is cut at the end of a line or a sentence, else of a word."""

LONGEST_TITLE = 120
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*$")
_END = re.compile(r"\n|(?<=[.!?;])\s+|(?<=[。！？])")  # noqa: RUF001 - full stops as they are written


class Passage(NamedTuple):
    """A piece of text, word for word, and what it stands under."""

    title: str
    text: str


def passages_of(text: str, name: str) -> list[Passage]:
    """The paragraphs of text or Markdown, in order; `name` titles what stands under no heading."""
    trail: list[tuple[int, str]] = []
    found: list[Passage] = []
    for block in re.split(r"\n\s*\n", text.replace("\r\n", "\n")):
        lines: list[str] = []
        for line in [*block.split("\n"), None]:
            heading = _HEADING.match(line) if line is not None else None
            if line is not None and heading is None:
                lines.append(line)
                continue
            paragraph = "\n".join(lines).strip()
            found += [Passage(_title(trail, name), piece) for piece in cut(paragraph)]
            lines = []
            if heading:
                depth = len(heading[1])
                trail = [*(each for each in trail if each[0] < depth), (depth, heading[2])]
    return found


def cut(text: str) -> list[str]:
    """A text in pieces that are not too long, each of which stands in it word for word."""
    pieces: list[str] = []
    while len(text) > LONGEST:
        ends = [end.end() for end in _END.finditer(text, 0, LONGEST)]
        at = ends[-1] if ends else text.rfind(" ", 0, LONGEST) + 1 or LONGEST
        pieces.append(text[:at].strip())
        text = text[at:]
    return [piece for piece in (*pieces, text.strip()) if piece]


def _title(trail: list[tuple[int, str]], name: str) -> str:
    return (" / ".join(heading for _, heading in trail if heading) or name)[:LONGEST_TITLE]
