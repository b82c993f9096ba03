"""What agents without triage would have cost on the same wake-ups: each asks a model every time that it wakes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from platos.cli._idle_prices import Pair
from platos.cli._list_prices import asked_in
from platos.core.instant import DAY, Instant
from platos.core.money import Nano, Price, Usage, charge_for

__all__ = ["ASSUMED_TRANSCRIPT", "MOST_CARRIED", "Naive", "Wake", "naive_agents"]

MOST_CARRIED = 100_000
"""Tokens of a transcript; what is older is dropped."""

ASSUMED_TRANSCRIPT = (
    f"With its transcript: all that went in and out at earlier wakes too, the last {MOST_CARRIED:,} tokens of it, at"
    " the price of a cache that never expires, and nothing for storing it there."
)


class Wake(NamedTuple):
    """When it was, and how many characters were new."""

    slot: Instant
    chars: int


class Naive(NamedTuple):
    """An agent that asks at every wake-up: in words, its model, and what it spends on each day of UTC, by number."""

    name: str
    model: str
    by_day: dict[int, Nano]

    @property
    def total(self) -> Nano:
        return sum(self.by_day.values())


def naive_agents(pair: Pair, scope_chars: int, wakes: Iterable[Wake]) -> list[Naive]:
    """The frontier model with what is new, the same with its transcript, and the small model with what is new."""
    lived = list(wakes)
    asked = [(wake.slot // DAY, asked_in(scope_chars, wake.chars)) for wake in lived]
    frontier, small = pair
    return [
        Naive(f"every wake to {frontier.model}", frontier.model, _cost(frontier.price, asked)),
        Naive("the same, with its transcript", frontier.model, _cost(frontier.price, _with_transcript(asked))),
        Naive(f"every wake to {small.model}", small.model, _cost(small.price, asked)),
    ]


def _with_transcript(asked: Iterable[tuple[int, Usage]]) -> Iterator[tuple[int, Usage]]:
    carried = 0
    for day, usage in asked:
        yield day, Usage(input=usage.input, cached=carried, output=usage.output)
        carried = min(carried + usage.input + usage.output, MOST_CARRIED)


def _cost(price: Price, asked: Iterable[tuple[int, Usage]]) -> dict[int, Nano]:
    spent: Counter[int] = Counter()
    for day, usage in asked:
        spent[day] += charge_for(price, usage)
    return dict(spent)
