"""From a file to its items, by what kind of file it is."""

from __future__ import annotations

import os
import re
from itertools import chain
from typing import Any, BinaryIO

import msgspec

from platos.core.item import Item, Problem
from platos.sources._file import Head, chunks, decoded, head_of, open_plain, stamp_of
from platos.sources._mail import as_mail, in_mailbox
from platos.sources._mbox import messages_in
from platos.sources._walk import IN_MAILDIR, Found

__all__ = ["Taken", "is_one_item", "take"]

_MBOX = ".mbox"
_MARKDOWN = (".md", ".markdown")
_MOST_TITLE = 200
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t#]*$", re.MULTILINE)
_LINE = re.compile(r"^.*\S.*$", re.MULTILINE)


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """What was taken from a file. Where it is not `settled`, the file is to be read again at the next poll."""

    items: tuple[Item, ...] = ()
    problems: tuple[Problem, ...] = ()
    settled: bool = True


def take(found: Found, most_bytes: int) -> Taken:
    """Read a file that was found. One that cannot be read, or is being written, is not settled."""
    if found.refusal:
        return Taken(problems=(Problem(where=found.key, why=found.refusal),))
    try:
        return _read(found, most_bytes)
    except FileNotFoundError:
        return Taken(settled=False)
    except OSError as error:
        return Taken(problems=(Problem(where=found.key, why=f"cannot be read: {error.strerror}"),), settled=False)


def is_one_item(key: str) -> bool:
    """Is what a file with this key holds one item, with the key as its id? The messages in a mailbox have their own."""
    return IN_MAILDIR not in key and not key.lower().endswith(_MBOX)


def _read(found: Found, most_bytes: int) -> Taken:
    with open_plain(found.path) as file:
        if stamp_of(os.fstat(file.fileno())) != found.stamp:
            return Taken(settled=False)
        taken = _contents(found, file, most_bytes)
        written = stamp_of(os.fstat(file.fileno())) != found.stamp
    return Taken(settled=False) if written else taken


def _contents(found: Found, file: BinaryIO, most_bytes: int) -> Taken:
    arrived = found.stamp.modified
    suffix = os.path.splitext(found.name)[1].lower()
    if found.in_maildir:
        mail = as_mail(head_of(chunks(file), most_bytes), id=found.name, arrived=arrived)
        return Taken(items=(in_mailbox(mail),))
    if suffix == _MBOX:
        return _mbox(found, file, most_bytes)
    if suffix == ".eml":
        return Taken(items=(as_mail(head_of(chunks(file), most_bytes), id=found.name, arrived=arrived),))
    return _text(found, file, most_bytes, "markdown" if suffix in _MARKDOWN else "text")


def _mbox(found: Found, file: BinaryIO, most_bytes: int) -> Taken:
    heads = messages_in(file, most_bytes)
    mails = tuple(in_mailbox(as_mail(head, id=found.name, arrived=found.stamp.modified)) for head in heads)
    if not mails and found.stamp.size:
        return Taken(problems=(Problem(where=found.key, why='not an mbox: no line begins with "From "'),))
    return Taken(items=mails)


def _text(found: Found, file: BinaryIO, most_bytes: int, kind: str) -> Taken:
    content = chunks(file)
    first = next(content, b"")
    if b"\0" in first:
        return Taken(problems=(Problem(where=found.key, why="not text"),))
    head = head_of(chain((first,), content), most_bytes)
    text, exact = decoded(head.data, whole=not head.truncated)
    fields = {"name": os.path.basename(found.name), "bytes": head.size, **head.measures(), **_encoding(head, exact)}
    item = Item(id=found.name, kind=kind, title=_title(text, kind), text=text, ts=found.stamp.modified, fields=fields)
    return Taken(items=(item,))


def _encoding(head: Head, exact: bool) -> dict[str, Any]:
    """What to say where the text is not what the file holds; the digest tells apart what replacement made alike."""
    return {} if exact else {"encoding": "invalid UTF-8: undecodable bytes were replaced", "sha256": head.sha256}


def _title(text: str, kind: str) -> str:
    """The first heading of Markdown, else the first line that is not blank."""
    heading = _HEADING.search(text) if kind == "markdown" else None
    line = heading[1] if heading else first[0] if (first := _LINE.search(text)) else ""
    return line.strip()[:_MOST_TITLE]
