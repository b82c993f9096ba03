"""The lines of a recording that were read and are not due yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from heapq import heappop, heappush
from typing import BinaryIO, NamedTuple

from platos.core.instant import Instant

__all__ = ["Ahead", "Line", "line_at", "lines_from"]

_MOST_LINE = 1_000_000
_CHUNK = 65_536


class Line(NamedTuple):
    """Where a line begins, where the next one does, and what it holds: None where it is longer than any item."""

    place: int
    end: int
    data: bytes | None


class Ahead:
    """Lines by when they are due. Each is known by its time and its place in the file, compared in that order."""

    def __init__(self) -> None:
        self._by_time: list[tuple[Instant, int]] = []
        self._by_place: deque[tuple[Instant, int]] = deque()

    def add(self, ts: Instant, place: int) -> None:
        """A line comes up; lines are added in the order of the file."""
        heappush(self._by_time, (ts, place))
        self._by_place.append((ts, place))

    def due(self, now: Instant, most: int) -> Iterator[tuple[Instant, int]]:
        """Takes out what is due by `now`, the earliest first, `most` at most."""
        while self._by_time and self._by_time[0][0] <= now and most > 0:
            most -= 1
            yield heappop(self._by_time)

    def next(self) -> Instant | None:
        """When the next line is due."""
        return self._by_time[0][0] if self._by_time else None

    def first_place(self) -> int | None:
        """Where the first of the lines begins."""
        while self._by_place and (not self._by_time or self._by_place[0] < self._by_time[0]):
            self._by_place.popleft()
        return self._by_place[0][1] if self._by_place else None


def lines_from(file: BinaryIO, place: int) -> Iterator[Line]:
    """The whole lines from a place on. A last one without its line end is still being written."""
    file.seek(place)
    while (line := _read_line(file, place)) is not None:
        yield line
        place = line.end
        if file.tell() != place:  # whoever asked for the line read elsewhere
            file.seek(place)


def line_at(file: BinaryIO, place: int) -> Line | None:
    """The line that begins at a place."""
    file.seek(place)
    return _read_line(file, place)


def _read_line(file: BinaryIO, place: int) -> Line | None:
    data = file.readline(_MOST_LINE)
    if data.endswith(b"\n"):
        return Line(place, place + len(data), data)
    end = place + len(data)
    while data and not data.endswith(b"\n"):
        data = file.readline(_CHUNK)
        end += len(data)
    return Line(place, end, None) if data else None
