"""The mbox format: many messages in one file, read as a stream."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from typing import BinaryIO

from platos.sources._file import Head, head_of

__all__ = ["messages_in"]

_LINE = 65_536
_QUOTED = re.compile(rb">+From ")


def messages_in(file: BinaryIO, most_bytes: int) -> Iterator[Head]:
    """The head of each message. What stands before the first `From ` line is no message."""
    for number, lines in groupby(_numbered(file), key=lambda numbered: numbered[0]):
        if number:
            yield head_of((line for _, line in lines), most_bytes)


def _numbered(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Each line of each message with the message's number, from 1. A longer line than any mail has comes in pieces.

    A blank line is held back until it is known not to be the one that ends a message: a message stays the same when
    another is put after it.
    """
    number, starts, held = 0, True, b"\n"
    while line := file.readline(_LINE):
        if held and line.startswith(b"From "):
            number, held = number + 1, b""
            continue
        if held:
            yield number, held
        held = line if starts and not line.strip() else b""
        if not held:
            yield number, line[1:] if starts and _QUOTED.match(line) else line
        starts = line.endswith(b"\n")
