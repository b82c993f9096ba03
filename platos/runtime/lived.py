"""Which slots of a specialist have run, as its store tells."""

from __future__ import annotations

from itertools import pairwise

from platos.core.lived import Gap, Lived, Reign
from platos.core.schedule import Schedule
from platos.runtime.asleep.made import decode_specialist, definition_of
from platos.store import ReadStore, journal, occurrences, past
from platos.store.specialists import SpecialistRow

__all__ = ["lived", "schedule_in_force", "schedule_of"]


async def lived(store: ReadStore, row: SpecialistRow) -> Lived:
    """Which slots of a specialist have run. One that was handled and left no row was quiet: it ran.

    Where rows may have been dropped, nothing counts as missed: what came again, and ran, may be among them.
    """
    rows, since = await occurrences.of_specialist(store, row.name), await past.forgotten(store)
    gaps = (Gap(max(each.slot, since), each.last) for each in rows if each.outcome in occurrences.MISSED)
    missed = tuple(each for each in gaps if each.first <= each.last)
    ran = frozenset(each.slot for each in rows if each.outcome in occurrences.RAN)
    return Lived(await _reigns(store, row, missed), ran)


async def schedule_in_force(store: ReadStore, row: SpecialistRow) -> Schedule:
    """The schedule of a specialist. Raises StoreCorrupt."""
    return (await definition_of(store, row)).schedule


async def schedule_of(store: ReadStore, definition: str) -> Schedule:
    """The schedule of a definition, by its digest. Raises StoreCorrupt."""
    return decode_specialist(await journal.get_payload(store, definition)).schedule


async def _reigns(store: ReadStore, row: SpecialistRow, missed: tuple[Gap, ...]) -> tuple[Reign, ...]:
    """Each definition's own, in order. What the journal tells no more counts as lived by the one in force."""
    adopted, reached = await past.adoptions(store, row.name), row.reached or 0
    ends = [*(event.reached for event in adopted), reached]
    reigns = [Reign(await schedule_in_force(store, row), 0, ends[0], missed)]
    for event, (begin, end) in zip(adopted, pairwise(ends), strict=True):
        schedule = await schedule_of(store, event.definition)
        own = tuple(each for each in missed if schedule.has(each.first))
        reigns.append(Reign(schedule, max(event.since, begin), end, own))
    return tuple(each for each in reigns if each.after < each.last)
