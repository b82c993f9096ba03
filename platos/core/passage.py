"""Passages: a note cut into pieces that say one thing each, with the headings that they stand under."""

from __future__ import annotations

import re
from typing import NamedTuple

__all__ = ["LONGEST", "LONGEST_TITLE", "Passage", "passages_of", "stretches"]

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
            found += [Passage(_title(trail, name), piece) for piece in stretches(paragraph, LONGEST)]
            lines = []
            if heading:
                depth = len(heading[1])
                trail = [*(each for each in trail if each[0] < depth), (depth, heading[2])]
    return found


def stretches(text: str, longest: int) -> list[str]:
    """A text in pieces of at most so many characters, each of which stands in it word for word."""
    pieces: list[str] = []
    start = 0
    while len(text) - start > longest:
        ends = [end.end() for end in _END.finditer(text, start, start + longest)]
        at = ends[-1] if ends else text.rfind(" ", start, start + longest) + 1 or start + longest
        pieces.append(text[start:at].strip())
        start = at
    return [piece for piece in (*pieces, text[start:].strip()) if piece]


def _title(trail: list[tuple[int, str]], name: str) -> str:
    return (" / ".join(heading for _, heading in trail if heading) or name)[:LONGEST_TITLE]
