"""2. Poll. One transaction commits the new items, the cursors, the occurrence's end and the next due time.

Items are keyed by source, id and content digest: what was seen before is dropped. Where nothing is new, all of this is
one guarded UPDATE.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import anyio

from platos.core.event import ItemsArrived, SourceFailed
from platos.core.instant import MINUTE, Instant, iso
from platos.core.item import Item
from platos.core.specialist import PartSpec
from platos.ports.source import Polled
from platos.runtime.asleep.shared import Key
from platos.runtime.one_error import one_error
from platos.runtime.wake import Wake
from platos.runtime.withdraw import withdraw
from platos.store import Tx, cursors, items, journal, occurrences, specialists
from platos.store.cursors import CursorRow
from platos.store.quiet import Claim, Quiet

__all__ = ["poll"]

log = logging.getLogger("platos")

HANDED_IN = "by-hand"
_LATE = MINUTE
_UNREAD = CursorRow(None, 0, "")


Keyed = tuple[Item, str]
"""An item and the digest of its content."""


class _Found(NamedTuple):
    """What one source answered. `cursor` is None where it could not be read: `problem` says why."""

    source: str
    before: CursorRow
    cursor: bytes | None
    items: list[Keyed]
    problem: str
    withdrawn: tuple[str, ...] = ()

    @property
    def news(self) -> bool:
        """Is there anything to write? A failure always is: failures in a row are counted."""
        unread = self.cursor is None
        changed = self.cursor != self.before.position or self.problem != self.before.problem
        return unread or changed or bool(self.items or self.withdrawn)


class _Commit(NamedTuple):
    """All that the transaction needs."""

    name: str
    slot: Instant | None
    found: list[_Found]
    given: list[Keyed]
    wake: Wake
    now: Instant


async def poll(wake: Wake) -> bool:
    """Is there something to triage? New items, or some that still wait from before."""
    host, name = wake.host, wake.name
    before = await cursors.of(host.store, name) if wake.ahead is None else wake.ahead.cursors
    found: list[_Found] = []
    first, *others = wake.specialist.sources
    if not others:  # as nearly always: no task of its own is needed
        await _poll_one(wake, first, before.get(first.name, _UNREAD), found)
    else:
        with one_error():
            async with anyio.create_task_group() as tasks:
                for spec in (first, *others):
                    tasks.start_soon(_poll_one, wake, spec, before.get(spec.name, _UNREAD), found)
    found.sort(key=lambda each: each.source)
    news = [each for each in found if each.news]
    if not (news or wake.given or wake.missed or wake.again):
        await _quiet(wake)
        return _owes(wake)
    commit = _Commit(name, wake.slot, news, _keyed(wake.given), wake, host.now())
    wake.arrived = await host.store.transact(_commit, commit)
    if wake.arrived:
        log.info("%s: %d new item%s", name, len(wake.arrived), "" if len(wake.arrived) == 1 else "s")
    return bool(wake.arrived) or _owes(wake)


def _owes(wake: Wake) -> bool:
    """Are there items from before whose time to be judged has come?"""
    host = wake.host
    return wake.name in host.owing and host.owing[wake.name] <= host.now()


async def _poll_one(wake: Wake, spec: PartSpec, before: CursorRow, found: list[_Found]) -> None:
    host = wake.host
    try:
        polled = await _ask(wake, spec, before.position)
        keyed = await host.offload(_keyed, polled.items) if polled.items else []
    except Exception as error:  # noqa: BLE001 - a source's failure is recorded and shown; it never ends the wake-up
        why = str(error) or type(error).__name__
        log.warning("%s: source %s cannot be read: %s", wake.name, spec.name, why)
        found.append(_Found(spec.name, before, None, [], why))
    else:
        problem = "\n".join(f"{each.where}: {each.why}" for each in polled.problems)
        if not problem and not before.failures and polled.cursor == before.position:
            problem = before.problem  # a source tells of a thing once; while nothing changes, it is still so
        found.append(_Found(spec.name, before, polled.cursor, keyed, problem, polled.withdrawn))


async def _ask(wake: Wake, spec: PartSpec, cursor: bytes | None) -> Polled:
    ask = wake.host.source(spec).poll
    if wake.ahead is None or wake.slot is None:
        return await ask(cursor)
    return await wake.ahead.shared.poll(Key.of(spec, cursor), wake.slot, ask)


def _keyed(found: tuple[Item, ...]) -> list[Keyed]:
    return [(item, item.digest()) for item in found]


async def _quiet(wake: Wake) -> None:
    """A wake-up that found nothing: its specialist's row moves on, with those of others, and that is all."""
    host, slot = wake.host, wake.slot
    if slot is None:
        await host.store.transact(_by_hand, wake.name)
    else:
        claim = Claim(wake.row, wake.due, wake.definition, wake.since or 0)
        await host.quiet.bring([Quiet(wake.name, claim, slot, wake.upcoming, wake.started)])


def _by_hand(tx: Tx, name: str) -> None:
    specialists.woken_by_hand(tx, name, quiet=True)


def _claim(tx: Tx, wake: Wake, slot: Instant) -> bool:
    return specialists.advance(
        tx,
        wake.name,
        due=wake.due,
        slot=slot,
        upcoming=wake.upcoming,
        definition=wake.definition,
        since=wake.since,
    )


def _commit(tx: Tx, commit: _Commit) -> list[int]:
    """Store what arrived; the numbers of the new items. Nothing where the occurrence was claimed by somebody else."""
    name, wake, now = commit.name, commit.wake, commit.now
    if commit.slot is None:
        specialists.woken_by_hand(tx, name, quiet=False)
    elif not _claim(tx, wake, commit.slot):
        return []
    gone = [each for each in commit.found if withdraw(tx, name, each.source, each.withdrawn, now)]
    new = _store(tx, name, HANDED_IN, commit.given, now)
    for each in commit.found:
        new += _store_found(tx, name, each, now)
    slot = now if commit.slot is None else commit.slot
    if new:
        arrived = ItemsArrived(at=now, by=wake.by, specialist=name, slot=slot, items=tuple(new))
        tx.record(journal.specialist_chain(name), arrived)
    occurrences.add_missed(tx, name, wake.missed, now)
    quiet = not (new or gone or any(each.cursor is None for each in commit.found))
    if quiet:
        specialists.was_quiet(tx, name)
    if wake.again or not quiet:
        _note(tx, commit, slot, len(new))
    return [number for number, _ in new]


def _store(tx: Tx, name: str, source: str, found: list[Keyed], now: Instant) -> list[tuple[int, str]]:
    numbered = ((items.add(tx, name, source, item, digest=digest, seen=now), digest) for item, digest in found)
    return [(number, digest) for number, digest in numbered if number is not None]


def _store_found(tx: Tx, name: str, found: _Found, now: Instant) -> list[tuple[int, str]]:
    if found.problem and found.problem != found.before.problem:
        failed = SourceFailed(at=now, specialist=name, source=found.source, where=found.source, why=found.problem)
        tx.record(journal.specialist_chain(name), failed)
    if found.cursor is None:
        cursors.fail(tx, name, found.source, found.problem)
        return []
    cursors.put(tx, name, found.source, found.cursor, found.problem)
    return _store(tx, name, found.source, found.items, now)


def _note(tx: Tx, commit: _Commit, slot: Instant, count: int) -> None:
    """A row for an occurrence that was not quiet, or whose time came twice: that it was the second must be known."""
    wake, now = commit.wake, commit.now
    failed = ", ".join(each.source for each in commit.found if each.cursor is None)
    late = commit.slot is not None and wake.started - slot > _LATE
    outcome = "by hand" if commit.slot is None else "late" if late else "ran"
    why = f"could not read {failed}" if failed else f"due at {iso(slot)}" if late else ""
    row = occurrences.OccurrenceRow(slot, slot, 1, outcome, why, count, wake.started, now)
    occurrences.add(tx, commit.name, row)
