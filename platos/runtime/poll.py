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
from platos.runtime.wake import Wake
from platos.store import Tx, cursors, items, journal, occurrences, specialists
from platos.store.cursors import CursorRow

__all__ = ["poll"]

log = logging.getLogger("platos")

HANDED_IN = "by-hand"
_LATE = MINUTE


class _Found(NamedTuple):
    """What one source answered: a poll, or why it could not be read."""

    source: str
    before: CursorRow | None
    polled: Polled | None
    error: str
    problem: str

    @property
    def news(self) -> bool:
        """Is there anything to write?"""
        before = self.before or CursorRow(None, 0, "")
        if self.polled is None:
            return True
        return bool(self.polled.items) or self.polled.cursor != before.position or self.problem != before.problem


class _Commit(NamedTuple):
    """All that the transaction needs."""

    name: str
    slot: Instant | None
    found: list[_Found]
    given: list[tuple[Item, str]]
    digests: list[list[str]]
    wake: Wake
    now: Instant


async def poll(wake: Wake) -> bool:
    """Is there something to triage? New items, or some that still wait from before."""
    host, name = wake.host, wake.name
    before = await cursors.of(host.store, name)
    found: list[_Found] = []
    async with anyio.create_task_group() as tasks:
        for spec in wake.specialist.sources:
            tasks.start_soon(_poll_one, wake, spec, before.get(spec.name), found)
    found.sort(key=lambda each: each.source)
    news = [each for each in found if each.news]
    now = host.now()
    if not news and not wake.given and not wake.missed:
        await host.store.transact(_quiet, wake, now)
        return _owes(wake)
    given = [(item, item.digest()) for item in wake.given]
    digests = [[item.digest() for item in each.polled.items] if each.polled else [] for each in news]
    commit = _Commit(name, wake.slot, news, given, digests, wake, now)
    wake.arrived = await host.store.transact(_commit, commit)
    if wake.arrived:
        log.info("%s: %d new item%s", name, len(wake.arrived), "" if len(wake.arrived) == 1 else "s")
    return bool(wake.arrived) or _owes(wake)


def _owes(wake: Wake) -> bool:
    """Are there items from before whose time to be judged has come?"""
    host = wake.host
    return wake.name in host.owing and host.owing[wake.name] <= host.now()


async def _poll_one(wake: Wake, spec: PartSpec, before: CursorRow | None, found: list[_Found]) -> None:
    try:
        polled = await wake.host.source(spec).poll(before.position if before else None)
    except Exception as error:  # noqa: BLE001 - a source's failure is recorded and shown; it never ends the wake-up
        why = str(error) or type(error).__name__
        log.warning("%s: source %s cannot be read: %s", wake.name, spec.name, why)
        found.append(_Found(spec.name, before, None, why, why))
    else:
        problem = "\n".join(f"{each.where}: {each.why}" for each in polled.problems)
        found.append(_Found(spec.name, before, polled, "", problem))


def _quiet(tx: Tx, wake: Wake, now: Instant) -> None:
    """A wake-up that found nothing: its specialist's row moves on, and that is all."""
    if wake.slot is None:
        specialists.woken_by_hand(tx, wake.name, quiet=True)
    else:
        specialists.advance(tx, wake.name, due=wake.due, slot=wake.slot, upcoming=wake.upcoming, quiet=True)


def _commit(tx: Tx, commit: _Commit) -> list[int]:
    """Store what arrived; the numbers of the new items. Nothing where the occurrence was claimed by somebody else."""
    name, wake, now = commit.name, commit.wake, commit.now
    if commit.slot is None:
        specialists.woken_by_hand(tx, name, quiet=False)
    elif not specialists.advance(tx, name, due=wake.due, slot=commit.slot, upcoming=wake.upcoming):
        return []
    new = _store(tx, name, HANDED_IN, commit.given, now)
    for each, digests in zip(commit.found, commit.digests, strict=True):
        new += _store_found(tx, name, each, digests, now)
    slot = now if commit.slot is None else commit.slot
    if new:
        arrived = ItemsArrived(at=now, by=wake.by, specialist=name, slot=slot, items=tuple(new))
        tx.record(journal.specialist_chain(name), arrived)
    occurrences.add_missed(tx, name, wake.missed, now)
    if new or any(each.error for each in commit.found):
        _note(tx, commit, slot, len(new))
    else:
        specialists.was_quiet(tx, name)
    return [number for number, _ in new]


def _store(tx: Tx, name: str, source: str, found: list[tuple[Item, str]], now: Instant) -> list[tuple[int, str]]:
    numbered = ((items.add(tx, name, source, item, digest=digest, seen=now), digest) for item, digest in found)
    return [(number, digest) for number, digest in numbered if number is not None]


def _store_found(tx: Tx, name: str, found: _Found, digests: list[str], now: Instant) -> list[tuple[int, str]]:
    news = found.problem and found.problem != (found.before.problem if found.before else "")
    if news:
        failed = SourceFailed(at=now, specialist=name, source=found.source, where=found.source, why=found.problem)
        tx.record(journal.specialist_chain(name), failed)
    if found.polled is None:
        cursors.fail(tx, name, found.source, found.error)
        return []
    cursors.put(tx, name, found.source, found.polled.cursor, found.problem)
    return _store(tx, name, found.source, list(zip(found.polled.items, digests, strict=True)), now)


def _note(tx: Tx, commit: _Commit, slot: Instant, count: int) -> None:
    """A row for an occurrence that was not quiet."""
    wake, now = commit.wake, commit.now
    failed = ", ".join(each.source for each in commit.found if each.error)
    late = commit.slot is not None and wake.started - slot > _LATE
    outcome = "by hand" if commit.slot is None else "late" if late else "ran"
    why = f"could not read {failed}" if failed else f"due at {iso(slot)}" if late else ""
    row = occurrences.OccurrenceRow(slot, slot, 1, outcome, why, count, wake.started, now)
    occurrences.add(tx, commit.name, row)
