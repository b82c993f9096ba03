"""The source `jsonl`: a recorded stream, one item a line, each yielded once its time has come."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import BinaryIO

import msgspec
from pydantic import Field

from platos.config.fields import Form, Text
from platos.core.digest import canonical, digest_bytes
from platos.core.instant import Instant
from platos.core.item import Item, Problem
from platos.errors import Unavailable
from platos.ports.part import Environment, source
from platos.ports.source import Polled
from platos.sources._ahead import Ahead, Line, line_at, lines_from
from platos.sources._record import item_of, shown

__all__ = ["Jsonl"]

_MARK_BYTES = 256
_BEFORE_ALL = (-(2**62), -1)


class _Position(msgspec.Struct, frozen=True, kw_only=True):
    """How far a recording was read, and how far it was yielded.

    The first `read` bytes, in `lines` lines that end in what `mark` is the digest of, were taken in. Of these lines all
    were yielded up to `after`, a time and a place. `waiting` is where the first of the others begins, and `next` when
    the next one is due.
    """

    read: int = 0
    lines: int = 0
    mark: str = ""
    after: tuple[Instant, int] = _BEFORE_ALL
    waiting: int | None = None
    next: Instant | None = None


@source("jsonl", version="1")
class Jsonl:
    """Polls a file of lines `{"id", "ts", "source", "text", "fields"}`.

    A line is yielded by the first poll at or after its `ts`, in whatever order the lines stand; one without a `ts`, or
    with one that has passed when it is appended, at once. A file that was appended to is read from where we were, and
    any other, rotated or written anew, from its start: what had not been read of the old one is not looked for.
    """

    class Options(Form):
        """`path` starts from the workspace. A poll yields `most` items at most, and the next one goes on."""

        path: Text = Field(description="a file of JSON lines", examples=["recordings/march.jsonl"])
        most: int = Field(10_000, ge=1)

    def __init__(self, options: Options, environment: Environment) -> None:
        self._path = environment.workspace / options.path
        self._most = options.most
        self._clock = environment.clock
        self._offload = environment.offload
        self._kept: tuple[bytes, Ahead] | None = None

    async def poll(self, cursor: bytes | None) -> Polled:
        """What is due and was not yielded yet. Raises Unavailable."""
        return await self._offload(self._poll, cursor, self._clock.now())

    def _poll(self, cursor: bytes | None, now: Instant) -> Polled:
        at = msgspec.json.decode(cursor, type=_Position) if cursor else _Position()
        with _opened(self._path) as file:
            if cursor is None or at.mark != _mark(file, at.read):
                return self._go_on(file, _Position(), Ahead(), now)
            arrived = os.fstat(file.fileno()).st_size > at.read
            due = at.next is not None and at.next <= now
            if not arrived and not due:
                return Polled(cursor=cursor)
            return self._go_on(file, at, self._ahead(file, cursor, at), now)

    def _ahead(self, file: BinaryIO, cursor: bytes, at: _Position) -> Ahead:
        """The lines that are not due at a position: as the last poll left them, else read again."""
        kept, self._kept = self._kept, None
        if kept and kept[0] == cursor:
            return kept[1]
        ahead = Ahead()
        for line in lines_from(file, at.read if at.waiting is None else at.waiting):
            if line.place >= at.read:
                break
            item = _read(line, "", [])
            if item and item.ts is not None and (item.ts, line.place) > at.after:
                ahead.add(item.ts, line.place)
        return ahead

    def _go_on(self, file: BinaryIO, at: _Position, ahead: Ahead, now: Instant) -> Polled:
        """Take in what was appended, and yield what is due."""
        items: list[Item] = []
        problems: list[Problem] = []
        read, lines = self._take_in(file, at, ahead, items, problems)
        after = at.after
        for after in ahead.due(now, self._most - len(items)):
            line = line_at(file, after[1])
            item = _read(line, f"{self._path.name}: byte {after[1]}", problems) if line else None
            items.extend([item] if item else [])
        position = _Position(
            read=read,
            lines=lines,
            mark=_mark(file, read),
            after=after,
            waiting=ahead.first_place(),
            next=ahead.next(),
        )
        cursor = canonical(position)
        self._kept = (cursor, ahead)
        return Polled(cursor=cursor, items=tuple(items), problems=shown(problems))

    def _take_in(
        self, file: BinaryIO, at: _Position, ahead: Ahead, items: list[Item], problems: list[Problem]
    ) -> tuple[int, int]:
        """Read on: what is late or has no time is an item now, the rest is ahead. How many bytes and lines."""
        read, lines = at.read, at.lines
        for line in lines_from(file, at.read):
            if len(items) + len(problems) >= self._most:
                break
            read, lines = line.end, lines + 1
            item = _read(line, f"{self._path.name}: line {lines}", problems)
            if item and item.ts is not None and (item.ts, line.place) > at.after:
                ahead.add(item.ts, line.place)
            elif item:
                items.append(item)
        return read, lines


def _read(line: Line, where: str, problems: list[Problem]) -> Item | None:
    """The item of a line; None where it is blank, or broken, which is a problem."""
    try:
        if line.data is None:
            raise ValueError("it is longer than any item")
        return item_of(line.data) if line.data.strip() else None
    except ValueError as error:
        problems.append(Problem(where=where, why=str(error)))
        return None


def _mark(file: BinaryIO, place: int) -> str:
    """The digest of what stands right before a place: another, where the file was not only appended to."""
    start = max(0, place - _MARK_BYTES)
    file.seek(start)
    return digest_bytes(file.read(place - start))


def _opened(path: Path) -> BinaryIO:
    """The file that its owner names, through any link; a pipe is not waited for. Raises Unavailable."""
    try:
        opened = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if stat.S_ISREG(os.fstat(opened).st_mode):
            return os.fdopen(opened, "rb")
        os.close(opened)
        why = "it is no regular file"
    except OSError as error:
        why = error.strerror or "it cannot be opened"
    raise Unavailable(
        f"the recording cannot be read: {why}",
        where=str(path),
        expected="a file of JSON lines that this process may read",
        hint="put it there, or correct `path` in the specialist's sources",
    )
