"""What rules remember between two batches: a state for each thing that they follow, in boxes of bounded size."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Generic, TypeVar
from zlib import crc32

import msgspec

from platos.core.digest import digest
from platos.core.instant import Instant, Span
from platos.ports.tier import Bench

__all__ = ["Box", "Memory", "Shelf"]

S = TypeVar("S")

_BOXES = 64
_MOST_IN_BOX = 200
_LONGEST_NAME = 100
_encode = msgspec.msgpack.Encoder().encode


class Box(msgspec.Struct, Generic[S]):
    """The states of some names, each with the time it was last put, and the newest of these times."""

    newest: Instant = 0
    states: dict[str, tuple[Instant, S]] = {}


class Shelf(Generic[S]):
    """The states of one rule, for the length of one batch.

    A state that is not put for `idle` is forgotten, measured by the newest item beside it: never by a clock, so that
    the same items leave the same states however they fall into batches. A box that is full forgets its oldest.
    """

    def __init__(self, key: str, form: type[Box[S]], idle: Span) -> None:
        self._key, self._idle, self._form = key, idle, form
        self._boxes: dict[int, Box[S]] = {}
        self._touched: set[int] = set()

    async def load(self, names: Iterable[str], bench: Bench) -> None:
        """Recall what is remembered of some names."""
        for number in {_box_of(name) for name in names}:
            kept = await bench.recall(f"{self._key}/{number}")
            self._boxes[number] = Box() if kept is None else msgspec.msgpack.decode(kept, type=self._form)

    def get(self, name: str, now: Instant) -> S | None:
        """The state of a name that was loaded, or None. `now` is when the item was seen."""
        box = self._boxes[_box_of(name)]
        put, state = box.states.get(_short(name), (0, None))
        return None if put + self._idle < max(box.newest, now) else state

    def put(self, name: str, state: S, now: Instant) -> None:
        """Remember a state of a name."""
        number = _box_of(name)
        box = self._boxes[number]
        box.newest = max(box.newest, now)
        box.states[_short(name)] = (max(now, box.states.get(_short(name), (now,))[0]), state)
        if len(box.states) > _MOST_IN_BOX:
            del box.states[min(box.states, key=lambda held: box.states[held][0])]
        self._touched.add(number)

    def keep(self, bench: Bench) -> None:
        """Hand what was put to the bench, without what is idle."""
        for number in self._touched:
            box = self._boxes[number]
            live = {name: held for name, held in box.states.items() if held[0] + self._idle >= box.newest}
            bench.remember(f"{self._key}/{number}", _encode(Box(box.newest, live)))


class Memory:
    """The shelves of all rules of a tier, for the length of one batch."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._shelves: list[Shelf[Any]] = []

    async def shelf(self, key: str, form: type[Box[S]], idle: Span, names: Iterable[str]) -> Shelf[S]:
        """The states under a rule's key, loaded for some names."""
        shelf = Shelf(key, form, idle)
        await shelf.load(names, self._bench)
        self._shelves.append(shelf)
        return shelf

    def keep(self) -> None:
        """Hand everything that was put to the bench: all items have their verdict."""
        for shelf in self._shelves:
            shelf.keep(self._bench)


def _box_of(name: str) -> int:
    return crc32(name.encode("utf-8", "surrogatepass")) % _BOXES


def _short(name: str) -> str:
    """The name, or its digest where it is long: a name from outside takes no more room than others."""
    return name if len(name) <= _LONGEST_NAME else digest(name)
