"""When the clock jumps: that is told once, and nobody sleeps until a time that the clock is not to reach for a year.

After the clock was set back, what waits is asked anew. A specialist's next slot is the first one ahead that has not
run; a run's next try is now.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from platos.core.event import ClockJumped
from platos.core.instant import Instant, iso
from platos.core.jump import LEAST_JUMP, Jump, JumpKind
from platos.runtime.host import Host
from platos.runtime.lived import lived
from platos.store import ReadStore, Tx, journal, meta, past, specialists
from platos.store.specialists import SpecialistRow

__all__ = ["look_back", "note_jumps"]

log = logging.getLogger("platos")

_AT_ONCE = 500
"""Specialists that are looked at together."""

_UNSETTLED = 7
"""Days after a clock was set on which nothing is dropped for its age: it may be set again."""


async def note_jumps(host: Host) -> bool:
    """Tell what the clock did, and ask anew what waits; True where it was set back. What fails is done again."""
    jumps, back = host.clock.jumps(), False
    while jumps:
        if jumps[0].what is JumpKind.SET_BACK:
            back = True
            await _ask_anew(host)
        await _tell(host, jumps[0])
        jumps.popleft()
    return back


async def look_back(host: Host) -> None:
    """At a start, before anything is recorded: was the clock set back while no process ran?"""
    now, shown = host.now(), await past.latest_moment(host.store)
    if shown - now < LEAST_JUMP:
        return
    await _ask_anew(host)
    if not await _is_told(host.store, shown, now):
        await _tell(host, Jump(shown, now, JumpKind.SET_BACK))


async def _tell(host: Host, jump: Jump) -> None:
    log.warning("the clock jumped (%s): it showed %s, and then %s", jump.what, iso(jump.before), iso(jump.after))
    await host.store.transact(_record, jump, host.now())


def _record(tx: Tx, jump: Jump, now: Instant) -> None:
    tx.record(journal.SYSTEM, ClockJumped(at=now, before=jump.before, after=jump.after, what=jump.what))
    if jump.what is not JumpKind.SUSPENDED:
        meta.put(tx, meta.UNSETTLED, _UNSETTLED)


async def _is_told(store: ReadStore, shown: Instant, now: Instant) -> bool:
    """Does the journal say already that the clock showed that much and was set back to less than now?"""
    told = [event for event in await journal.events(store, journal.SYSTEM) if isinstance(event, ClockJumped)]
    return any(event.after <= now and shown - event.before < LEAST_JUMP for event in told)


async def _ask_anew(host: Host) -> None:
    now = host.now()
    host.owing.update({name: min(due, now) for name, due in host.owing.items()})
    after = ""
    while rows := await specialists.page(host.store, after, _AT_ONCE):
        upcoming = {row: await _next_open(host, row, now) for row in rows if row.due is not None}
        earlier = [(row, slot) for row, slot in upcoming.items() if row.due is not None and slot < row.due]
        if earlier:
            await host.store.transact(_move, earlier)
        after = rows[-1].name


def _move(tx: Tx, earlier: Sequence[tuple[SpecialistRow, Instant]]) -> None:
    for row, upcoming in earlier:
        assert row.due is not None
        specialists.skip(tx, row.name, due=row.due, upcoming=upcoming, definition=row.definition, since=row.since)


async def _next_open(host: Host, row: SpecialistRow, now: Instant) -> Instant:
    """The first slot from now on that has not run."""
    schedule = (await host.definition_of(row)).schedule
    if row.reached is None or row.reached < now:
        return schedule.next_after(now - 1)
    return (await lived(host.store, row)).next_open(schedule, now - 1)
