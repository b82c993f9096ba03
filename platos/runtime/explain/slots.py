"""Which slots there were: those of a definition while it was in force, and while its file was gone."""

from __future__ import annotations

from collections.abc import Mapping

from platos.core.instant import Instant
from platos.core.schedule import Schedule
from platos.runtime.explain.past import Past, Span

__all__ = ["first_known", "slots_ahead", "slots_until"]


def slots_until(past: Past, schedules: Mapping[str, Schedule], until: Instant, count: int) -> list[Instant]:
    """The last `count` slots up to a moment, that included."""
    found: set[Instant] = set()
    for span in [*past.of("defined"), *past.of("gone")]:
        found.update(_latest(span, schedules[span.definition], until, count))
    return sorted(found)[-count:]


def slots_ahead(past: Past, schedules: Mapping[str, Schedule], now: Instant, count: int) -> list[Instant]:
    """The next slots of the definition in force; none where the specialist is gone."""
    span = past.running.get("defined")
    return schedules[span.definition].slots(now, count) if span else []


def first_known(past: Past) -> Span | None:
    """When the first definition was in force."""
    return min(past.of("defined"), default=None, key=lambda span: span.begin)


def _latest(span: Span, schedule: Schedule, until: Instant, count: int) -> list[Instant]:
    end = until if span.end is None else min(until, span.end)
    found: list[Instant] = []
    while len(found) < count and end > span.begin and (slot := schedule.last_before(end + 1)) > span.begin:
        found.append(slot)
        end = slot - 1
    return found
