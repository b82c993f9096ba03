"""The whole result of `platos idle-day`: the recording, the designs, the prices, and every assumption."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from platos.cli._idle_facts import Design, Told
from platos.cli._idle_naive import ASSUMED_TRANSCRIPT
from platos.cli._idle_person import ASSUMED_PERSON
from platos.cli._idle_prices import Named, Pair
from platos.cli._idle_replay import Ready
from platos.cli._list_prices import ASSUMED_CALLS, ASSUMED_EVERY_WAKE
from platos.cli._replay_recording import Recording
from platos.core.instant import iso
from platos.core.money import rates_for

__all__ = ["IdleDays", "PricedAs", "tell"]


class PricedAs(msgspec.Struct, frozen=True, kw_only=True):
    """A model's price in nano-dollars for a million tokens, and the list and its version where that was read."""

    model: str
    part: str
    input_nano: int
    cached_nano: int
    output_nano: int
    source: str


class IdleDays(msgspec.Struct, frozen=True, kw_only=True):
    """What was replayed, and what came of it by design. `stream` is empty for the demo's own; `signals` is null where
    the recording does not say."""

    stream: str
    first: str
    last: str
    days: float
    lines: int
    signals: int | None
    designs: tuple[Design, ...]
    prices: tuple[PricedAs, ...]
    assumed: tuple[str, ...]


def tell(
    told: Sequence[Told], ready: Sequence[Ready], recording: Recording, pair: Pair, stream: Path | None
) -> IdleDays:
    """The result. `stream` is None for the demo's own."""
    return IdleDays(
        stream=str(stream or ""),
        first=iso(recording.first),
        last=iso(recording.last),
        days=recording.days,
        lines=recording.lines,
        signals=None if recording.signals is None else len(recording.signals),
        designs=tuple(each.design for each in told),
        prices=(_priced(pair.frontier, "work"), _priced(pair.small, "triage")),
        assumed=tuple(_assumed(ready, recording, pair, demo=stream is None)),
    )


def _priced(named: Named, part: str) -> PricedAs:
    rates = rates_for(named.price, 1)
    return PricedAs(
        model=named.model,
        part=part,
        input_nano=rates.input,
        cached_nano=rates.cached,
        output_nano=rates.output,
        source=named.price.source,
    )


def _assumed(ready: Sequence[Ready], recording: Recording, pair: Pair, *, demo: bool) -> Iterator[str]:
    if demo:
        yield "The stream is the demo's day over and over, and its three notices on the last one."
    yield f"Platos: {ASSUMED_CALLS} Nothing of them is taken to be read from a cache, and no cap is reached."
    yield "The offline model judges by the words that a text shares with the scope, and by no understanding."
    for model in dict.fromkeys(name for each in ready for name in each.replaced):
        yield f"It stands in for {model}, which would judge otherwise and write at another length."
    yield ASSUMED_EVERY_WAKE
    yield ASSUMED_TRANSCRIPT
    yield "Of naive agents no system prompt, no tool and no work is counted: only that they look."
    if recording.truth is None:
        yield "Nobody knows the truth: a day is idle on which nothing was let through, and no alarm counts as false."
    else:
        yield ASSUMED_PERSON
    yield "Days are those of UTC. Triage is priced as the small model, work as the frontier model."
