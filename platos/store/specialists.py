"""Specialists asleep: a row each."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from platos.core.instant import Instant
from platos.errors import NotFound
from platos.store.checksum import checksum
from platos.store.database import NAME, connect_read_only, readable
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = [
    "FIRST",
    "Place",
    "SpecialistRow",
    "TemplateRow",
    "advance",
    "due_now",
    "every",
    "find",
    "files",
    "get",
    "look",
    "of_files",
    "of_template",
    "page",
    "peek",
    "put",
    "remove",
    "set_problem",
    "skip",
    "templates",
    "was_quiet",
    "woken_by_hand",
]

SQL = load("specialists")
JOURNAL = load("journal")


class SpecialistRow(NamedTuple):
    """What the store knows of a specialist. `definition` is the digest of the one in force, or of the template that it
    is made of, since a moment and with `parameters`: the JSON of their values.

    `last_slot` is the one that it was woken for last; `reached` is the latest that is accounted for, and never goes
    back, also where the clock does.
    """

    id: int
    name: str
    definition: str
    due: Instant | None
    last_slot: Instant | None
    reached: Instant | None
    wakes: int
    quiet: int
    present: bool
    problem: str
    parameters: str | None = None
    since: Instant | None = None

    def vouch(self, *, present: bool, problem: str) -> int:
        """The checksum of the row as it is, but for these."""
        return checksum(self.name, self.definition, self.parameters, self.since, int(present), problem)


class TemplateRow(NamedTuple):
    """A template's digest, and the specialists that it makes: how many, their wake-ups, the quiet ones among these,
    when the next one is due, and how many cannot be made any more."""

    definition: str
    specialists: int
    wakes: int
    quiet: int
    due: Instant | None
    problems: int


class Place(NamedTuple):
    """Where a specialist stands among those that wait for their slot."""

    due: Instant
    id: int


FIRST = Place(0, 0)
"""Before all of them."""


def put(
    tx: Tx,
    name: str,
    definition: str,
    due: Instant | None,
    *,
    parameters: str | None = None,
    since: Instant | None = None,
) -> None:
    """A new or edited specialist, and when it wakes next. With parameters, `definition` is a template's digest."""
    made = {"definition": definition, "parameters": parameters, "since": since}
    vouch = checksum(name, definition, parameters, since, 1, "")
    tx.execute(SQL.put, name=name, due=due, checksum=vouch, **made)


def advance(
    tx: Tx,
    name: str,
    *,
    due: Instant,
    slot: Instant,
    upcoming: Instant,
    definition: str,
    since: Instant | None = None,
) -> bool:
    """Claim the occurrence that was `due` and move on to `upcoming`.

    False where somebody else has claimed it, or where another definition is in force since, or other parameters, which
    `upcoming` is not of. `since` is the row's.
    """
    claim = {"due": due, "slot": slot, "next": upcoming, "definition": definition, "since": since or 0}
    return tx.execute(SQL.advance, name=name, **claim) == 1


def skip(
    tx: Tx,
    name: str,
    *,
    due: Instant,
    upcoming: Instant,
    definition: str,
    since: Instant | None = None,
    slot: Instant | None = None,
) -> bool:
    """Move on to `upcoming`, giving up the slots up to `slot`; False where `advance` is too."""
    claim = {"due": due, "next": upcoming, "definition": definition, "since": since or 0}
    return tx.execute(SQL.skip, name=name, slot=slot, **claim) == 1


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
    vouched = row.vouch(present=row.present, problem=problem)
    return tx.execute(SQL.set_problem, name=name, problem=problem, checksum=vouched) == 1


def remove(tx: Tx, name: str) -> bool:
    """Its file is gone, or somebody removed it: it wakes no more, and what it began goes on. False where that was
    known."""
    row = get(tx, name)
    if row is None or not row.present:
        return False
    return tx.execute(SQL.gone, name=name, checksum=row.vouch(present=False, problem=row.problem)) == 1


def get(tx: Tx, name: str) -> SpecialistRow | None:
    """One specialist, inside a transaction."""
    row = tx.one(SQL.one, name=name)
    return SpecialistRow(*row) if row else None


async def every(store: ReadStore) -> list[SpecialistRow]:
    """All specialists, by name."""
    return [SpecialistRow(*row) for row in await store.all(SQL.all)]


async def page(store: ReadStore, after: str, count: int) -> list[SpecialistRow]:
    """So many specialists by name, from behind one on."""
    return [SpecialistRow(*row) for row in await store.all(SQL.page, after=after, count=count)]


async def of_files(store: ReadStore) -> list[SpecialistRow]:
    """Those that have a file of their own, or had one, by name."""
    return [SpecialistRow(*row) for row in await store.all(SQL.of_files)]


async def templates(store: ReadStore) -> list[TemplateRow]:
    """What each template makes."""
    return [TemplateRow(*row) for row in await store.all(SQL.templates)]


async def of_template(store: ReadStore, definition: str, *, count: int = -1) -> list[str]:
    """The names of those that a template makes, by its digest: so many of them, or all."""
    return [name for (name,) in await store.all(SQL.of_template, definition=definition, count=count)]


async def files(store: ReadStore) -> list[str]:
    """The names of those whose file was there when it was last looked at."""
    return [row[0] for row in await store.all(SQL.files)]


async def find(store: ReadStore, name: str) -> SpecialistRow:
    """One specialist. Raises NotFound."""
    row = await look(store, name)
    if row is None:
        raise NotFound(f"there is no specialist {name!r}", hint="platos specialists lists them")
    return row


async def look(store: ReadStore, name: str) -> SpecialistRow | None:
    """One specialist, or None where there is none of that name."""
    row = await store.one(SQL.one, name=name)
    return SpecialistRow(*row) if row else None


def peek(folder: Path, name: str) -> tuple[SpecialistRow, bytes] | None:
    """One specialist of a state folder, and its definition or its template as it is stored; None where there is none.

    Blocking, for who has no store at hand. Raises StoreCorrupt or StoreError.
    """
    path = folder / NAME
    if not path.exists():
        return None
    with readable(path), closing(connect_read_only(path)) as connection:
        found = connection.execute(SQL.one, {"name": name}).fetchone()
        if found is None:
            return None
        row = SpecialistRow(*found)
        return row, connection.execute(JOURNAL.payload, {"digest": row.definition}).fetchone()[0]


async def due_now(
    store: ReadStore, now: Instant, *, after: Place = FIRST, count: int = 1_000
) -> list[tuple[Place, str]]:
    """Specialists with a slot that has come, each with its place: the longest waiting first, from `after` on."""
    rows = await store.all(SQL.due, now=now, due=after.due, id=after.id, count=count)
    return [(Place(due, id), name) for id, name, due in rows]
