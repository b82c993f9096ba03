"""Notices: what each person is still to be told, by each of their notifiers. One that was told is gone."""

from __future__ import annotations

from typing import NamedTuple

from platos.core.event import ClockJumped
from platos.core.instant import Instant
from platos.core.jump import JumpKind
from platos.core.notice import MatterKind
from platos.store.checksum import checksum
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx, follows

__all__ = ["NoticeRow", "Undelivered", "add", "drop", "due_now", "put_off", "told", "undelivered"]

SQL = load("notices")

_AT_ONCE = 500


class NoticeRow(NamedTuple):
    """One person, one notifier, one matter, up to which step of its ladder; when it was made and is due, how often it
    was tried, and why the last try failed."""

    person: str
    notifier: str
    kind: MatterKind
    subject: str
    step: int
    made: Instant
    due: Instant
    tries: int = 0
    failure: str = ""

    @property
    def about(self) -> str:
        return f"{self.kind}:{self.subject}"


class Undelivered(NamedTuple):
    """What a person could not be told yet by a notifier: how much, after how many tries, and why not."""

    person: str
    notifier: str
    waiting: int
    tries: int
    failure: str


def add(tx: Tx, row: NoticeRow) -> None:
    """Somebody is to be told. What they were not told yet of the same matter is a part of it."""
    found = tx.one(SQL.one, person=row.person, notifier=row.notifier, kind=row.kind, subject=row.subject)
    if found is not None:
        earlier = _row(found)
        due = earlier.due if earlier.tries else min(earlier.due, row.due)
        row = row._replace(due=due, tries=earlier.tries, failure=earlier.failure)
    _put(tx, row)


def told(tx: Tx, rows: list[NoticeRow]) -> None:
    """They were told, or need not be."""
    for row in rows:
        tx.execute(
            SQL.told, person=row.person, notifier=row.notifier, kind=row.kind, subject=row.subject, step=row.step
        )


def put_off(tx: Tx, rows: list[NoticeRow], due: Instant, failure: str, most: int) -> None:
    """They are tried again then, unless the matter was settled meanwhile; but no more than so often in all."""
    told(tx, [row for row in rows if row.tries + 1 >= most])
    for row in (row for row in rows if row.tries + 1 < most):
        if tx.one(SQL.one, person=row.person, notifier=row.notifier, kind=row.kind, subject=row.subject) is not None:
            _put(tx, row._replace(due=due, tries=row.tries + 1, failure=failure))


def drop(tx: Tx, kind: MatterKind, subject: str) -> None:
    """Nobody need be told of this matter any more."""
    tx.execute(SQL.drop, kind=kind, subject=subject)


async def due_now(store: ReadStore, now: Instant) -> list[NoticeRow]:
    """What is to be told now, the oldest first."""
    return [_row(row) for row in await store.all(SQL.due_now, now=now, count=_AT_ONCE)]


async def undelivered(store: ReadStore) -> list[Undelivered]:
    """What was tried and could not be told yet, by person and notifier."""
    return [Undelivered(*row) for row in await store.all(SQL.undelivered)]


@follows(ClockJumped)
def _follow_clock(tx: Tx, event: ClockJumped) -> None:
    """The clock was set back: what is due in a far future was meant for soon."""
    if event.what is JumpKind.SET_BACK:
        for found in tx.all(SQL.far, now=event.after):
            _put(tx, _row(found)._replace(due=event.after))


def _put(tx: Tx, row: NoticeRow) -> None:
    tx.execute(SQL.put, **row._asdict(), checksum=checksum(*row))


def _row(row: Row) -> NoticeRow:
    person, notifier, kind, *rest = row
    return NoticeRow(person, notifier, MatterKind(kind), *rest)
