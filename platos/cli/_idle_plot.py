"""The idle day, drawn: what one costs by design and by naive agent, and what was spent as the days went by. An SVG.

Scales are logarithmic, for what is compared lies orders of magnitude apart. Nothing has no logarithm: it is written
beside an empty bar, and its line begins where the first money was spent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from math import ceil, floor, log10
from pathlib import Path
from typing import NamedTuple
from xml.sax.saxutils import escape

from platos.cli._idle_facts import Told
from platos.cli._idle_result import IdleDays
from platos.cli._idle_text import usd_text
from platos.cli.output import clean, one_line
from platos.core.money import NANO

__all__ = ["draw"]

_WIDTH, _LEFT, _RIGHT = 960, 300, 130
_ROW, _TOP, _LINES_HIGH, _LABEL = 34, 96, 240, 14
_OURS = ("#0b7a5c", "#2563c9", "#8a4fbf", "#b7791f", "#0e7490")
_THEIRS = ("#c2410c", "#7f1d1d", "#d08770")
_INK, _PALE = "#1f2933", "#d5dbe1"


class _Series(NamedTuple):
    """One design or naive agent: an idle day in US dollars, what to say of it, and what was spent by the end of each
    day."""

    name: str
    color: str
    idle_day: float | None
    note: str
    spent: list[float]


class _Scale(NamedTuple):
    """Powers of ten, from pixel to pixel."""

    low: int
    high: int
    start: float
    end: float

    def at(self, value: float) -> float:
        place = (log10(max(value, 10.0**self.low)) - self.low) / (self.high - self.low)
        return self.start + (self.end - self.start) * min(place, 1.0)

    def marks(self) -> Iterator[tuple[float, str]]:
        for power in range(self.low, self.high + 1):
            yield self.at(10.0**power), usd_text(10.0**power)


def draw(its: IdleDays, told: Sequence[Told]) -> str:
    """The picture as the text of an SVG file."""
    series = [*_ours(told), *_theirs(told[0])]
    bars_end = _TOP + _ROW * len(series)
    lines_top = bars_end + 84
    height = lines_top + _LINES_HIGH + 84
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}"'
        f' font-family="system-ui, sans-serif" font-size="14" fill="{_INK}">',
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        _text(24, 40, "What an idle day costs", size=22, weight="bold"),
        _text(24, 64, _subtitle(its), color="#52606d"),
        *_bars(series, bars_end),
        _text(24, lines_top - 22, "What was spent, day by day", size=16, weight="bold"),
        *_lines(series, told[0], lines_top),
        _text(24, height - 20, _sources(its), size=12, color="#52606d"),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _ours(told: Sequence[Told]) -> Iterator[_Series]:
    for place, (design, days) in enumerate(told):
        recall, idle = design.recall, design.idle_day
        note = f"found {recall.found:,} of {recall.signals:,}" if recall else ""
        spent = [day.spent / NANO for day in days.by_number.values()]
        yield _Series(design.name, _OURS[place % len(_OURS)], idle.usd if idle else None, note, list(accumulate(spent)))


def _theirs(told: Told) -> Iterator[_Series]:
    for color, agent, shown in zip(_THEIRS, told.days.naive, told.design.naive, strict=True):
        spent = [agent.by_day.get(number, 0) / NANO for number in told.days.by_number]
        yield _Series(agent.name, color, shown.idle_day_usd, "", list(accumulate(spent)))


def _bars(series: Sequence[_Series], end: float) -> Iterator[str]:
    scale = _scale((each.idle_day or 0 for each in series), _LEFT, _WIDTH - _RIGHT)
    for x, mark in scale.marks():
        yield _line(x, _TOP - 6, x, end)
        yield _text(x, end + 18, mark, size=12, anchor="middle", color="#52606d")
    for place, each in enumerate(series):
        y = _TOP + _ROW * place
        width = scale.at(each.idle_day) - _LEFT if each.idle_day else 0
        said = f"{usd_text(each.idle_day)}  {each.note}".rstrip() if each.idle_day is not None else "no day was idle"
        yield _text(_LEFT - 12, y + 18, one_line(each.name, 40), anchor="end")
        yield f'<rect x="{_LEFT}" y="{y + 4}" width="{max(width, 2):.1f}" height="20" rx="2" fill="{each.color}"/>'
        yield _text(_LEFT + max(width, 2) + 8, y + 19, said, size=13)


def _lines(series: Sequence[_Series], first: Told, top: float) -> Iterator[str]:
    bottom, left, right = top + _LINES_HIGH, 84.0, float(_WIDTH - _RIGHT)
    scale = _scale((usd for each in series for usd in each.spent), bottom, top)
    for y, mark in scale.marks():
        yield _line(left, y, right, y)
        yield _text(left - 8, y + 4, mark, size=12, anchor="end", color="#52606d")
    days = list(first.days.by_number.values())
    step = (right - left) / len(days)
    for place, day in enumerate(days):
        if day.signals:
            x = left + step * (place + 1)
            yield _line(x, bottom, x, bottom + 7, color=_INK)
    ends = _apart([scale.at(each.spent[-1]) for each in series])
    for each, end in zip(series, ends, strict=True):
        points = [f"{left + step * (place + 1):.1f},{scale.at(usd):.1f}" for place, usd in enumerate(each.spent) if usd]
        yield f'<polyline points="{" ".join(points)}" fill="none" stroke="{each.color}" stroke-width="2"/>'
        yield _text(right + 8, end + 4, usd_text(each.spent[-1]), size=12, color=each.color)
    yield _text(left, bottom + 24, "day 1", size=12, color="#52606d")
    yield _text(right, bottom + 24, f"day {len(days):,}", size=12, anchor="end", color="#52606d")
    yield _text(
        (left + right) / 2, bottom + 24, "marked: a day with a signal", size=12, anchor="middle", color="#52606d"
    )


def _scale(values: Iterable[float], start: float, end: float) -> _Scale:
    """Whole powers of ten around all values but nothing."""
    there = [value for value in values if value > 0] or [1.0]
    low, high = floor(log10(min(there))), ceil(log10(max(there)))
    return _Scale(low, max(high, low + 1), start, end)


def _apart(places: Sequence[float]) -> list[float]:
    """The heights of labels, moved down where two would stand on each other."""
    moved, last = dict.fromkeys(range(len(places)), 0.0), float("-inf")
    for number in sorted(moved, key=lambda number: places[number]):
        moved[number] = last = max(places[number], last + _LABEL)
    return list(moved.values())


def _subtitle(its: IdleDays) -> str:
    stream = "/".join(Path(its.stream).parts[-2:]) or "the demo's own stream"
    signals = "" if its.signals is None else f", {its.signals:,} of them signals"
    return f"{stream}: {its.days:,g} days, {its.lines:,} items{signals}"


def _sources(its: IdleDays) -> str:
    named = ", ".join(f"{each.part} as {each.model}" for each in its.prices)
    return f"List prices ({', '.join(dict.fromkeys(each.source for each in its.prices))}): {named}. Logarithmic scales."


def _line(x1: float, y1: float, x2: float, y2: float, *, color: str = _PALE) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{color}"/>'


def _text(
    x: float,
    y: float,
    said: str,
    *,
    size: int = 14,
    weight: str = "normal",
    anchor: str = "start",
    color: str = _INK,
) -> str:
    style = f'font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" fill="{color}"'
    return f'<text x="{x:.1f}" y="{y:.1f}" {style}>{escape(clean(said))}</text>'
