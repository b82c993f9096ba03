"""Specialists asleep: a row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from platos.core.instant import Instant
from platos.errors import NotFound
from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = [
    "FIRST",
    "Moved",
    "Place",
    "SpecialistRow",
    "advance",
    "advance_quiet",
    "due_now",
    "due_rows",
    "every",
    "find",
    "get",
    "present",
    "put",
    "remove",
    "set_problem",
    "skip",
    "was_quiet",
    "woken_by_hand",
]

SQL = load("specialists")


class SpecialistRow(NamedTuple):
    """What the store knows of a specialist. `definition` is the digest of the one in force.

    `last_slot` is the one that it was woken for last; `reached` is the latest that is accounted for, and never goes
    back, also where the clock does.
    """

    name: str
    definition: str
    due: Instant | None
    last_slot: Instant | None
    reached: Instant | None
    wakes: int
    quiet: int
    present: bool
    problem: str


class Place(NamedTuple):
    """Where a specialist stands among those that wait for their slot."""

    due: Instant
    id: int


FIRST = Place(0, 0)
"""Before all of them."""


class Moved(NamedTuple):
    """A quiet wake-up: the specialist, the time that its slot was due, the slot, what comes next, and by which
    definition."""

    name: str
    due: Instant
    slot: Instant
    upcoming: Instant
    definition: str


def put(tx: Tx, name: str, definition: str, due: Instant | None) -> None:
    """A new or edited specialist, and when it wakes next."""
    tx.execute(SQL.put, name=name, definition=definition, due=due, checksum=checksum(name, definition, 1, ""))


def advance(
    tx: Tx, name: str, *, due: Instant, slot: Instant, upcoming: Instant, definition: str, quiet: bool = False
) -> bool:
    """Claim the occurrence that was `due` and move on to `upcoming`.

    False where somebody else has claimed it, or where another definition is in force since, which `upcoming` is not of.
    """
    count = {"quiet": int(quiet), "loud": int(not quiet)}
    claim = {"due": due, "slot": slot, "next": upcoming, "definition": definition}
    return tx.execute(SQL.advance, name=name, **claim, **count) == 1


def advance_quiet(tx: Tx, moved: Sequence[Moved]) -> None:
    """The same for wake-ups that found nothing; what somebody else has claimed, or another definition, is let be."""
    for name, due, slot, upcoming, definition in moved:
        advance(tx, name, due=due, slot=slot, upcoming=upcoming, definition=definition, quiet=True)


def skip(tx: Tx, name: str, *, due: Instant, upcoming: Instant, definition: str, slot: Instant | None = None) -> bool:
    """Move on to `upcoming`, giving up the slots up to `slot`; False where `advance` is too."""
    return tx.execute(SQL.skip, name=name, due=due, next=upcoming, slot=slot, definition=definition) == 1


def woken_by_hand(tx: Tx, name: str, *, quiet: bool) -> None:
    """A wake-up that no schedule asked for."""
    tx.execute(SQL.woken_by_hand, name=name, quiet=int(quiet), loud=int(not quiet))


def was_quiet(tx: Tx, name: str) -> None:
    """The wake-up that was claimed in this transaction found nothing after all."""
    tx.execute(SQL.was_quiet, name=name)


def set_problem(tx: Tx, name: str, problem: str) -> bool:
    """Why the specialist's file is not in force as it stands, empty where it is; False where that was known."""
    row = get(tx, name)
    if row is None or row.problem == problem:
        return False
    vouched = checksum(name, row.definition, int(row.present), problem)
    return tx.execute(SQL.set_problem, name=name, problem=problem, checksum=vouched) == 1


def remove(tx: Tx, name: str) -> bool:
    """Its file is gone: it wakes no more. What it began goes on. False where that was known."""
    row = get(tx, name)
    if row is None or not row.present:
        return False
    return tx.execute(SQL.gone, name=name, checksum=checksum(name, row.definition, 0, row.problem)) == 1


def get(tx: Tx, name: str) -> SpecialistRow | None:
    """One specialist, inside a transaction."""
    row = tx.one(SQL.one, name=name)
    return SpecialistRow(*row) if row else None


async def every(store: ReadStore) -> list[SpecialistRow]:
    """All specialists, by name."""
    return [SpecialistRow(*row) for row in await store.all(SQL.all)]


async def present(store: ReadStore) -> list[str]:
    """The names of those whose file was there when it was last looked at."""
    return [row[0] for row in await store.all(SQL.present)]


async def find(store: ReadStore, name: str) -> SpecialistRow:
    """One specialist. Raises NotFound."""
    row = await store.one(SQL.one, name=name)
    if row is None:
        raise NotFound(f"there is no specialist {name!r}", hint="platos status lists them")
    return SpecialistRow(*row)


async def due_now(
    store: ReadStore, now: Instant, *, after: Place = FIRST, count: int = 1_000
) -> list[tuple[Place, str]]:
    """Specialists with a slot that has come, each with its place: the longest waiting first, from `after` on."""
    rows = await store.all(SQL.due, now=now, due=after.due, id=after.id, count=count)
    return [(Place(due, id), name) for id, name, due in rows]


async def due_rows(store: ReadStore, after: Place, last: Place) -> dict[str, SpecialistRow]:
    """The rows of the specialists that are due after one place and up to another, by name."""
    rows = await store.all(SQL.due_rows, due=after.due, id=after.id, last_due=last.due, last_id=last.id)
    return {row[0]: SpecialistRow(*row) for row in rows}
