"""What models cost, in the test's own arithmetic: fractions of a cent, added up and rounded up once."""

from __future__ import annotations

import random
from fractions import Fraction
from math import ceil
from typing import NamedTuple

from platos.core.money import Band, Price, Rates, Usage

__all__ = ["Tariff", "draw_tariff"]

_READ, _WRITTEN = ("input", "cached", "stored", "stored_long"), ("output", "reasoning")
_ASKED_FOR = ("stored_long",)
"""What nobody pays for who did not ask for it."""


class Line(NamedTuple):
    """A line of a price list: nano-dollars for a million tokens of each class, above so many tokens of input."""

    above: int
    service: str
    rates: dict[str, int]


class Tariff(NamedTuple):
    """The price list of one model."""

    lines: tuple[Line, ...]

    def cost(self, usage: Usage, service: str) -> int:
        """What a call costs in nano-dollars."""
        counts = {name: getattr(usage, name) for name in (*_READ, *_WRITTEN)}
        line = self._line(sum(counts[name] for name in _READ), service)
        return ceil(sum((Fraction(line.rates[name] * count, 10**6) for name, count in counts.items()), Fraction()))

    def worst(self, read: int, written: int) -> int:
        """The most that a call of so many tokens may cost, whatever tier it is served in."""
        lines = [line for line in self.lines if line.above < max(1, read)]
        dear_in = max(line.rates[name] for line in lines for name in _READ if name not in _ASKED_FOR)
        dear_out = max(line.rates[name] for line in lines for name in _WRITTEN)
        return ceil(Fraction(read * dear_in, 10**6) + Fraction(written * dear_out, 10**6))

    def price(self) -> Price:
        """The same for Platos."""
        bands = (Band(rates=Rates(**line.rates), above=line.above, service=line.service) for line in self.lines)
        return Price(bands=tuple(bands), source="the test")

    def _line(self, read: int, service: str) -> Line:
        own = [line for line in self.lines if line.service == service and line.above < max(1, read)]
        usual = [line for line in self.lines if not line.service and line.above < max(1, read)]
        return max(own or usual, key=lambda line: line.above)


def draw_tariff(chance: random.Random) -> Tariff:
    """Any list: up to two steps of input, and perhaps a dearer service."""
    rates = _rates(chance)
    lines = [Line(0, "", rates)]
    if chance.random() < 0.3:
        lines.append(Line(chance.randint(100, 2_000), "", {name: 2 * rate + 1 for name, rate in rates.items()}))
    if chance.random() < 0.3:
        lines.append(Line(0, "priority", {name: 3 * rate // 2 for name, rate in rates.items()}))
    return Tariff(tuple(lines))


def _rates(chance: random.Random) -> dict[str, int]:
    read = chance.randint(20_000_000, 3_000_000_000)
    written = read * chance.randint(2, 6) + chance.randrange(1_000)
    cheap = {"cached": read // chance.choice((1, 4, 10)), "reasoning": written * chance.choice((3, 4)) // 4}
    return {"input": read, "stored": read * 5 // 4, "stored_long": 2 * read, "output": written, **cheap}
