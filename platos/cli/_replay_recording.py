"""A recorded stream: bounded, and parted from the truth about it before anything that is tested can see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from platos.clock import SystemClock
from platos.core.instant import DAY, Instant
from platos.core.item import Item
from platos.errors import UsageError
from platos.sources._record import item_of

__all__ = ["Bounds", "RecordedLine", "Recording", "copy_recording", "recorded_lines"]

_KEPT = ("id", "ts", "source", "title", "text", "fields")
"""What an item is made of."""


class Bounds(NamedTuple):
    """From when (included) until when (not included) a stream is replayed. A line without a time is never left out."""

    start: Instant | None = None
    end: Instant | None = None

    def hold(self, ts: Instant | None) -> bool:
        if ts is None:
            return True
        return (self.start is None or self.start <= ts) and (self.end is None or ts < self.end)


class Recording(NamedTuple):
    """What is replayed: how many lines, the first and the last moment of it, and what could not be read; whether any
    line says when it was.

    `truth` is what the recording itself says of ids: signals, or not; None where it says nothing of that.
    """

    lines: int
    first: Instant
    last: Instant
    truth: Mapping[str, bool] | None
    broken: tuple[str, ...]
    timed: bool = True

    @property
    def signals(self) -> tuple[str, ...] | None:
        """The ids of the signals, in order."""
        return None if self.truth is None else tuple(id for id, signal in self.truth.items() if signal)

    @property
    def days(self) -> float:
        """From the first moment to the last."""
        return round((self.last - self.first) / DAY, 2)


class _Truth(msgspec.Struct):
    """What the scorer alone may know of a line."""

    signal: bool | None = None


class RecordedLine(NamedTuple):
    """An item, the truth about it where the line tells it, and the line without that."""

    item: Item
    signal: bool | None
    kept: dict[str, msgspec.Raw]


def copy_recording(stream: Path, copy: Path, bounds: Bounds) -> Recording:
    """Write what lies within the bounds to `copy`, without the truth, and return the rest. Blocking.

    Raises UsageError where the stream cannot be read, or nothing of it is left.
    """
    times: list[Instant] = []
    truth: dict[str, bool] = {}
    broken: list[str] = []
    lines = 0
    with copy.open("wb") as out:
        for line in recorded_lines(stream, broken):
            if bounds.hold(line.item.ts):
                out.write(msgspec.json.encode(line.kept) + b"\n")
                lines += 1
                times += [] if line.item.ts is None else [line.item.ts]
                if line.signal is not None:
                    truth[line.item.id] = line.signal or truth.get(line.item.id, False)
    if not lines:
        raise _nothing(stream, broken)
    timed = bool(times)
    times = times or [SystemClock().now()]  # without any, all of it comes now
    return Recording(lines, min(times), max(times), truth or None, tuple(broken), timed)


def recorded_lines(stream: Path, broken: list[str]) -> Iterator[RecordedLine]:
    """The lines that can be read; of the others, where they stand and why."""
    try:
        with stream.open("rb") as file:
            for number, data in enumerate(file, 1):
                try:
                    if data.strip():
                        yield _read(data)
                except ValueError as error:
                    broken.append(f"line {number}: {error}")
    except OSError as error:
        raise UsageError(
            f"the stream cannot be read: {error.strerror}", where=str(stream), expected="a file of JSON lines"
        ) from None


def _read(data: bytes) -> RecordedLine:
    item, truth = item_of(data), msgspec.json.decode(data, type=_Truth, strict=False)
    written = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    return RecordedLine(item, truth.signal, {key: written[key] for key in _KEPT if key in written})


def _nothing(stream: Path, broken: list[str]) -> UsageError:
    return UsageError(
        f"there is nothing to replay; {broken[0]}" if broken else "there is nothing to replay",
        where=str(stream),
        expected='JSON lines {"id", "ts", "source", "text", "fields"}, with some of them within --from and --to',
    )
