"""The rule `series`."""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Annotated, Any, Literal

import msgspec
from pydantic import Field

from platos.core.digest import digest
from platos.core.instant import DAY, HOUR, Instant, iso
from platos.ports.part import Environment
from platos.triage._memory import Box, Memory, Shelf
from platos.triage._robust import score
from platos.triage._rule import Finding, Matcher, Reading, Ready, Rule, Told, quoted

__all__ = ["Series"]

_FEWEST = 30
"""Samples that a series needs before one can be called unusual."""

_MOST_TOLD = 20
_IDLE = 90 * DAY
_AHEAD = HOUR
"""A sample may claim to come from so far in the future; one that claims more comes from then."""


class _Samples(msgspec.Struct, array_like=True):
    """A series so far: its latest sample, how many came since one was let through, those that were (item and time),
    and the last measures."""

    at: Instant | None = None
    last: float = 0.0
    since: int | None = None
    told: list[tuple[int, Instant]] = []
    measures: list[float] = []


class Series(Rule):
    """Fits a sample that is unlike the `window` samples before it in its series, and then rests for `rest` samples.

    `series` is the field that holds the sample's number, `per` the field that names the series; without it, or where an
    item lacks it, an item belongs to the series of its source. `zscore` measures the number itself, `rate` how much it
    changed since the sample before. The measure is compared with those in the window by the modified z-score (median
    and median absolute deviation; Iglewicz and Hoaglin, 1993), whose customary limit is 3.5: a spike does not
    hide the next one, and a new level becomes the usual one after half a window. The first 30 samples fit never.

    What is unusual while the rule rests is dismissed, so that a stretch of it is told once and then every `rest`
    samples at the most. A sample that comes late is judged by the window as it stands, and does not enter it.

    Rule: `{series: value, per: host, over: 3.5}`
    Items: forty with `fields = {"host": "a"}` and a `value` of 10 or 11 in turn, then one with a `value` of 40
    Fits the last: `"a" is 40, 39.8 deviations from 10.5`. It does not fit the others, nor a 12 in place of the 40.
    """

    series: str
    per: str = ""
    test: Literal["zscore", "rate"] = "zscore"
    window: Annotated[int, Field(ge=_FEWEST, le=2000)] = 200
    over: Annotated[float, Field(gt=0)] = 3.5
    rest: Annotated[int, Field(ge=0)] = 24

    def ready(self, environment: Environment) -> Ready:
        key = f"series/1/{digest(self.model_dump(mode='json'))[:16]}"

        async def open_shelf(readings: Sequence[Reading], memory: Memory) -> Matcher:
            shelf = await memory.shelf(key, Box[_Samples], _IDLE, (self._name(reading) for reading in readings))
            return lambda reading: self._judge(reading, shelf)

        return open_shelf

    def rendering(self) -> str:
        return f"series {self.series}, {self.test} over {self.over:g}"

    def _name(self, reading: Reading) -> str:
        named = reading.fields.get(self.per) if self.per else None
        return reading.stored.source if named is None else str(named)

    def _judge(self, reading: Reading, shelf: Shelf[_Samples]) -> Finding | None:
        number = _number(reading.fields.get(self.series))
        if number is None:
            return None
        name, stored = self._name(reading), reading.stored
        samples = shelf.get(name, stored.seen) or _Samples()
        shelf.put(name, samples, stored.seen)
        if any(stored.number == told for told, _ in samples.told):
            return f"{quoted(name)} is {number:g}, judged again"
        at, late = _when(reading, samples)
        measure = self._measure(number, samples, late)
        unusual = None if measure is None else self._unusual(measure, samples)
        if not late:
            self._enter(samples, at, number, measure)
        return self._tell(f"{quoted(name)} is {number:g}, {unusual}", stored.number, at, samples) if unusual else None

    def _measure(self, number: float, samples: _Samples, late: bool) -> float | None:
        """What is compared; None where there is nothing to measure the change from."""
        if self.test == "zscore":
            return number
        return None if late or samples.at is None else number - samples.last

    def _unusual(self, measure: float, samples: _Samples) -> str:
        """How unusual a measure is; empty where it is not."""
        if len(samples.measures) < _FEWEST:
            return ""
        deviations, middle = score(measure, samples.measures)
        if not deviations > self.over:
            return ""
        measured = "" if self.test == "zscore" else f"a change of {measure:g}, "
        return f"{measured}{deviations:.1f} deviations from {middle:g}"

    def _enter(self, samples: _Samples, at: Instant, number: float, measure: float | None) -> None:
        """Let a sample take its place at the end of its series."""
        samples.since = None if samples.since is None else samples.since + 1
        samples.at, samples.last = at, number
        if measure is not None:
            samples.measures = [*samples.measures, measure][-self.window :]

    def _tell(self, finding: str, number: int, at: Instant, samples: _Samples) -> Finding:
        """Let an unusual sample through, unless the rule rests."""
        if samples.since is not None and samples.since <= self.rest:
            return Told(f"{finding}; i{samples.told[-1][0]} of {iso(samples.told[-1][1])} was let through")
        samples.since = 0
        samples.told = [*samples.told, (number, at)][-_MOST_TOLD:]
        return finding


def _when(reading: Reading, samples: _Samples) -> tuple[Instant, bool]:
    """When a sample was taken, and is that late? One without a time of its own comes in its turn."""
    at = min(reading.at, reading.stored.seen + _AHEAD)
    if samples.at is None:
        return at, False
    if reading.stored.item.ts is None:
        return max(at, samples.at), False
    return at, at <= samples.at


def _number(value: Any) -> float | None:
    """The number that a field holds, also as text; None for anything else, and for what is not finite."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return None
    return number if isfinite(number) else None
