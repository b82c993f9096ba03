"""1. Due. A schedule names an occurrence (specialist, slot). The transaction that ends its poll claims it, once."""

from __future__ import annotations

from platos.core.instant import Instant
from platos.core.schedule import Due, Schedule
from platos.runtime.definitions import refresh
from platos.runtime.lived import lived
from platos.runtime.wake import Wake
from platos.store import Tx, occurrences, specialists
from platos.store.specialists import SpecialistRow

__all__ = ["due"]


async def due(wake: Wake) -> bool:
    """Is there something to handle now? Slots that were slept through are coalesced or skipped, with the reason."""
    found = await _claimable(wake)
    if found:
        wake.host.counters.woke(wake.started, wake.slot)
    return found


async def _claimable(wake: Wake) -> bool:
    host, asked = wake.host, wake.slot
    definition = await refresh(host, wake.name) if wake.ahead is None else wake.ahead.bring_into_force(host)
    if definition is None:
        return False
    wake.specialist, wake.started = definition, host.now()
    if asked is None:
        return True
    row = (wake.ahead and wake.ahead.row) or await specialists.find(host.store, wake.name)
    if row.due != asked:
        return False  # the schedule was edited, or somebody else has claimed it
    found = await _find(wake, row, definition.schedule, asked)
    if found.slot is None:
        await host.store.transact(_give_up, row, asked, found, wake.started)
        return False
    wake.due, wake.slot, wake.upcoming, wake.missed = asked, found.slot, found.next, found.missed
    wake.row, wake.definition, wake.since = row.id, row.definition, row.since
    return True


async def _find(wake: Wake, row: SpecialistRow, schedule: Schedule, asked: Instant) -> Due:
    """What to do. A slot that is accounted for comes again: the clock was set back."""
    wake.again = row.reached is not None and asked <= row.reached
    if not wake.again:
        return schedule.due(asked, wake.started)
    return (await lived(wake.host.store, row)).due(schedule, asked, wake.started)


def _give_up(tx: Tx, row: SpecialistRow, asked: Instant, found: Due, now: Instant) -> None:
    given_up = max((each.last for each in found.missed), default=None)
    moved = specialists.skip(
        tx,
        row.name,
        due=asked,
        upcoming=found.next,
        definition=row.definition,
        since=row.since,
        slot=given_up,
    )
    if moved:
        occurrences.add_missed(tx, row.name, found.missed, now)
