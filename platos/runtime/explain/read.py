"""Explaining: what is read from the store, and the answers for the slots that were asked about."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.event import AnyEvent, DefinitionLoaded
from platos.core.instant import Instant
from platos.core.item import StoredItem
from platos.core.schedule import Schedule
from platos.runtime.explain.fate import Answer, Fate, Fates
from platos.runtime.explain.past import Past, fold_past
from platos.runtime.explain.slots import first_known, slots_ahead, slots_until
from platos.runtime.lived import lived, schedule_in_force, schedule_of
from platos.store import ReadStore, items, occurrences, specialists
from platos.store.past import events_around
from platos.store.specialists import SpecialistRow

__all__ = ["Explanation", "Told", "explain", "explain_at", "not_yet_known", "zone_of"]


class Told(NamedTuple):
    """An answer, and the items that arrived with the slot."""

    answer: Answer
    items: tuple[StoredItem, ...] = ()


class Explanation(NamedTuple):
    """The schedule in force, or last in force; the slots that were asked about, and some that come."""

    schedule: Schedule
    slots: tuple[Told, ...]
    ahead: tuple[Told, ...]


class _Known(NamedTuple):
    """All that is known of a specialist's slots."""

    fates: Fates
    past: Past
    schedules: dict[str, Schedule]


async def explain(store: ReadStore, name: str, now: Instant, *, count: int, ahead: int) -> Explanation:
    """The last `count` slots with the wake-ups by hand among them, and the next `ahead`. Raises NotFound."""
    known = await _read(store, name, now)
    slots = slots_until(known.past, known.schedules, now, count)
    answers = [known.fates.of(slot) for slot in slots]
    answers += known.fates.by_hand(slots[0] if slots else 0, now)
    upcoming = [known.fates.of(slot) for slot in slots_ahead(known.past, known.schedules, now, ahead)]
    return await _explanation(store, known, sorted(answers, key=lambda each: each.slot), upcoming)


async def explain_at(store: ReadStore, name: str, now: Instant, at: Instant) -> Explanation:
    """The slot at a moment, or the last before it, with the wake-ups by hand since then. Raises NotFound."""
    known = await _read(store, name, now)
    slots = slots_until(known.past, known.schedules, at, 1) or _before_all(known, at)
    answers = [known.fates.of(slot) for slot in slots]
    return await _explanation(store, known, answers + known.fates.by_hand(slots[-1] if slots else 0, at), [])


async def zone_of(store: ReadStore, name: str) -> str:
    """The zone of a specialist's schedule. Raises NotFound."""
    return (await schedule_in_force(store, await specialists.find(store, name))).zone


def not_yet_known(schedule: Schedule, now: Instant, *, ahead: int) -> Explanation:
    """What there is to say of a specialist that no process has looked after yet."""
    answers = [Answer(slot, Fate.UPCOMING, "once platos up runs") for slot in schedule.slots(now, ahead)]
    return Explanation(schedule, (), tuple(map(Told, answers)))


async def _read(store: ReadStore, name: str, now: Instant) -> _Known:
    row = await specialists.find(store, name)
    past = fold_past(_with_its_template(row, await events_around(store, name)))
    digests = {span.definition for what in ("defined", "gone") for span in past.of(what)} - {row.definition}
    schedules = {digest: await schedule_of(store, digest) for digest in digests}
    schedules[row.definition] = await schedule_in_force(store, row)
    rows = await occurrences.of_specialist(store, name)
    zone = schedules[row.definition].zone
    return _Known(Fates(row, rows, await lived(store, row), past, now, zone), past, schedules)


def _with_its_template(row: SpecialistRow, told: list[AnyEvent]) -> list[AnyEvent]:
    """What happened, and where in it the template came into force that a specialist is made of: its row says that."""
    if row.since is None:
        return told
    loaded = DefinitionLoaded(at=row.since, specialist=row.name, definition=row.definition, since=row.since)
    place = next((place for place, event in enumerate(told) if event.at > row.since), len(told))
    return [*told[:place], loaded, *told[place:]]


def _before_all(known: _Known, at: Instant) -> list[Instant]:
    """A slot from before anything was known, as the first definition would have had it."""
    first = first_known(known.past)
    return [known.schedules[first.definition].last_before(at + 1)] if first else []


async def _explanation(store: ReadStore, known: _Known, answers: list[Answer], upcoming: list[Answer]) -> Explanation:
    return Explanation(
        schedule=known.schedules[known.fates.row.definition],
        slots=tuple([Told(each, await _arrived(store, known.past, each)) for each in answers]),
        ahead=tuple(Told(each) for each in upcoming),
    )


async def _arrived(store: ReadStore, past: Past, answer: Answer) -> tuple[StoredItem, ...]:
    """What a wake-up stored, as it stands now."""
    if answer.row is None:
        return ()
    return tuple([await items.find(store, number) for number in past.arrivals.get(answer.slot, [])])
