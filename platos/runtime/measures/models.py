"""Measures of models: what was asked of each and what came of it, over the last day beside the thirty days before.

A model is somebody else's, and changes without notice. Where the share of answers that it refused, or that had to be
repaired, or of its runs that it was not sure of, is not what it was, or another model serves under its name, that is an
alarm: a reason to look, and no proof.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from platos.core.instant import DAY, Instant, iso
from platos.core.money import Nano
from platos.core.shift import Counted, fisher, has_shifted
from platos.ports.offload import Offload
from platos.store import ReadStore, measures
from platos.store.measures import ModelCalls, Served

__all__ = ["Alarm", "ModelState", "Rates", "read_models"]

_BEFORE = 30 * DAY


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """What was asked of a model in some time. Tokens are by class, as in `Usage`; money is nano-dollars.

    `refusal` is the share of its answers that were refusals, `repair` of those that were asked for because the one
    before did not fill the form, `review` of the runs that asked it and that a person had to look at because a model
    was not sure; `cached_share` is of the tokens that went in. None where there is nothing to take a share of.
    """

    calls: int
    answered: int
    tokens: dict[str, int]
    cost_nano: Nano
    refusal: float | None
    repair: float | None
    review: float | None
    cached_share: float | None


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Something about a model has shifted: its `refusal`, `repair` or `review` rate, or who is `served`."""

    model: str
    what: str
    says: str


class ModelState(msgspec.Struct, frozen=True, kw_only=True):
    """A model over the last day and over the thirty days before; `served` are the names of what really answered in the
    last day, the most frequent first."""

    model: str
    lately: Rates
    before: Rates
    served: tuple[str, ...]
    alarms: tuple[Alarm, ...]


class _Time(NamedTuple):
    """What happened in some time, by model."""

    calls: dict[str, ModelCalls]
    served: dict[str, list[Served]]


async def read_models(store: ReadStore, offload: Offload, now: Instant) -> tuple[ModelState, ...]:
    """Every model that was asked in the last thirty-one days, by name."""
    since = now - DAY
    lately = await _read(store, since, now + 1)
    before = await _read(store, since - _BEFORE, since)
    return await offload(_states, lately, before)


async def _read(store: ReadStore, since: Instant, until: Instant) -> _Time:
    return _Time(await measures.models(store, since, until), await measures.served(store, since, until))


def _states(lately: _Time, before: _Time) -> tuple[ModelState, ...]:
    return tuple(_state(model, lately, before) for model in sorted({*lately.calls, *before.calls}))


def _state(model: str, lately: _Time, before: _Time) -> ModelState:
    now, then = (time.calls.get(model, ModelCalls()) for time in (lately, before))
    served, known = (time.served.get(model, []) for time in (lately, before))
    return ModelState(
        model=model,
        lately=_rates(now),
        before=_rates(then),
        served=tuple(each.name for each in served),
        alarms=(*_shifts(model, now, then), *_strangers(model, served, known)),
    )


def _rates(of: ModelCalls) -> Rates:
    counted = _counted(of)
    read = of.input + of.cached + of.stored + of.stored_long
    return Rates(
        calls=of.calls,
        answered=of.answered,
        tokens={name: getattr(of, name) for name in _TOKENS},
        cost_nano=of.charged,
        refusal=counted["refusal"].rate,
        repair=counted["repair"].rate,
        review=counted["review"].rate,
        cached_share=Counted(of.cached, read).rate,
    )


_TOKENS = ("input", "cached", "stored", "stored_long", "output", "reasoning")


def _counted(of: ModelCalls) -> dict[str, Counted]:
    return {
        "refusal": Counted(of.refused, of.answered),
        "repair": Counted(of.repairs, of.answered),
        "review": Counted(of.unsure, of.runs),
    }


def _shifts(model: str, lately: ModelCalls, before: ModelCalls) -> Iterator[Alarm]:
    then = _counted(before)
    for what, now in _counted(lately).items():
        if has_shifted(now, then[what]):
            said = f"its {what} rate was {then[what].rate:.1%} and is {now.rate:.1%} over the last day"
            by_chance = f"p = {fisher(now, then[what]):.1g} that this is chance"
            yield Alarm(model=model, what=what, says=f"{said} ({now.found} of {now.trials}; {by_chance})")


def _strangers(model: str, now: list[Served], then: list[Served]) -> Iterator[Alarm]:
    """Names that nobody has seen before, where there was anything to see."""
    known = {each.name for each in then}
    new = [f"{each.name} has served it since {iso(each.first)}" for each in now if each.name not in known]
    if known and new:
        says = f"{', '.join(new)}; before it was {', '.join(sorted(known))}"
        yield Alarm(model=model, what="served", says=says)
