"""A disk that loses its power, as far as a file system may take it.

What it is told: files made, written, truncated, synced and deleted, in order. What it may do with it:

- what a file was told before its last sync stands; of all that came after, any part may be there and any part not;
- a write reaches the disk whole, or in aligned sectors of 512 or 4,096 bytes, each of them whole (SQLite asks no more:
  a sector written twice holds the one or the other), in any order, later ones before earlier ones too;
- a file may have grown without its data: what was never written there reads as zeros, or as whatever lay there before;
- a file that was made or deleted may be missing or back, until its folder is synced. As SQLite's own contract goes,
  that is with the first sync of a log that it made, or with a delete that asks for it.

- a sync that failed may have lost all that it had to write, for good: the next one does not write it either.

What it does not do: damage what was synced before, or lie about a sync.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from tests.crash.vfs import Call

__all__ = ["Loss", "Machine", "draw"]

_CHANGES = {"write", "truncate"}


class Loss(NamedTuple):
    """How the power goes: the chance of each piece to reach the disk, the size of a piece (0: a whole write), whether
    pieces go in any order, whether files grow without their data, and what lies where nothing was written."""

    kept: float
    sector: int = 0
    shuffled: bool = False
    grown: bool = False
    waste: bytes = b"\0"


def draw(chance: Random, variant: int) -> Loss:
    """The first two are a disk that wrote nothing unasked, and one that wrote everything."""
    if variant < 2:
        return Loss(kept=float(variant))
    return Loss(
        kept=chance.choice((0.0, 0.1, 0.5, 0.9, 1.0)),
        sector=chance.choice((0, 512, 4_096)),
        shuffled=chance.random() < 0.5,
        grown=chance.random() < 0.5,
        waste=chance.choice((b"\0", b"\xa5")),
    )


class _File:
    """What of a file is sure, and what it was told since."""

    def __init__(self) -> None:
        self._sure = bytearray()
        self._pending: list[Call] = []

    def tell(self, call: Call) -> None:
        self._pending.append(call)

    def sync(self) -> None:
        for call in self._pending:
            _apply(self._sure, call, b"\0")
        self._pending.clear()

    def forget(self) -> None:
        self._pending.clear()

    def after(self, loss: Loss, chance: Random) -> bytes:
        pieces = [each for call in self._pending for each in _pieces(call, loss.sector) if chance.random() < loss.kept]
        if loss.shuffled:
            chance.shuffle(pieces)
        found = bytearray(self._sure)
        for piece in pieces:
            _apply(found, piece, loss.waste)
        if loss.grown:
            _grow(found, max((call.offset + len(call.data) for call in self._pending), default=0), loss.waste)
        return bytes(found)


class Machine:
    """What the disk was told so far."""

    def __init__(self) -> None:
        self._names: dict[str, _File] = {}
        self._sure: dict[str, _File] = {}
        self._pending: list[tuple[str, _File | None]] = []
        self._new: set[_File] = set()

    def tell(self, call: Call) -> None:
        """The next call. A file that is opened without being made has lain there, empty, since before."""
        if call.kind == "create":
            self._link(call.file, _File())
        elif call.kind == "open" and call.file not in self._names:
            self._names[call.file] = self._sure[call.file] = _File()
        elif call.kind in _CHANGES:
            self._names[call.file].tell(call)
        elif call.kind == "sync":
            self._sync(self._names[call.file])
        elif call.kind == "failed sync":
            self._names[call.file].forget()
        elif call.kind == "delete":
            self._unlink(call.file, sync=bool(call.offset))

    def without_power(self, loss: Loss, chance: Random) -> dict[str, bytes]:
        """The files that are found when it is on again."""
        names = dict(self._sure)
        _follow(names, [each for each in self._pending if chance.random() < loss.kept])
        return {name: file.after(loss, chance) for name, file in names.items()}

    def _link(self, name: str, file: _File) -> None:
        self._names[name] = file
        self._new.add(file)
        self._pending.append((name, file))

    def _unlink(self, name: str, *, sync: bool) -> None:
        del self._names[name]
        self._pending.append((name, None))
        if sync:
            self._sync_folder()

    def _sync(self, file: _File) -> None:
        file.sync()
        if file in self._new:
            self._new.discard(file)
            self._sync_folder()

    def _sync_folder(self) -> None:
        _follow(self._sure, self._pending)
        self._pending.clear()


def _follow(names: dict[str, _File], changes: list[tuple[str, _File | None]]) -> None:
    for name, file in changes:
        if file is None:
            names.pop(name, None)
        else:
            names[name] = file


def _pieces(call: Call, sector: int) -> Iterator[Call]:
    """A write, cut where its sectors end."""
    if call.kind != "write" or not sector:
        yield call
        return
    start, end = call.offset, call.offset + len(call.data)
    while start < end:
        stop = min(end, (start // sector + 1) * sector)
        yield call._replace(offset=start, data=call.data[start - call.offset : stop - call.offset])
        start = stop


def _apply(content: bytearray, call: Call, waste: bytes) -> None:
    if call.kind == "truncate":
        del content[call.offset :]
        return
    _grow(content, call.offset, waste)
    content[call.offset : call.offset + len(call.data)] = call.data


def _grow(content: bytearray, size: int, waste: bytes) -> None:
    content.extend(waste * (size - len(content)))
