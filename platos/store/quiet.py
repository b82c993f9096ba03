"""Quiet wake-ups: each one moves its specialist's row on, and that is all; many in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from platos.core.instant import Instant
from platos.core.schedule import Missed
from platos.store import occurrences
from platos.store.checksum import checksum
from platos.store.sql import load, spreads
from platos.store.tx import Tx

__all__ = ["Claim", "Quiet", "Read", "advance"]

SQL = load("quiet")

_READ = spreads(SQL.read)
_ADVANCE = spreads(SQL.advance)


class Claim(NamedTuple):
    """An occurrence, by its specialist's row: when it was due, and by which definition, in force since when (0 where
    the row does not say)."""

    row: int
    due: Instant
    definition: str
    since: Instant


class Read(NamedTuple):
    """How far a source was read, without a problem and without anything new, and from where on. A cursor that somebody
    else has moved since stays where it is."""

    source: str
    position: bytes
    before: bytes | None


class Quiet(NamedTuple):
    """A wake-up that found nothing: whose, what it claims, its slot and what comes next. `read` is None where the
    cursor stays as it is; `missed` are slots that are given up with it, at a moment."""

    specialist: str
    claim: Claim
    slot: Instant
    upcoming: Instant
    at: Instant
    missed: tuple[Missed, ...] = ()
    read: Read | None = None


def advance(tx: Tx, brought: Sequence[Quiet]) -> None:
    """Move their rows on; what somebody else has claimed, or another definition, is let be."""
    tx.spread(_READ, [(*each.claim, *_cursor(each.specialist, each.read)) for each in brought if each.read])
    tx.spread(_ADVANCE, [(*each.claim, each.slot, each.upcoming) for each in brought if not each.missed])
    for each in brought:
        if each.missed and tx.spread(_ADVANCE, [(*each.claim, each.slot, each.upcoming)]):
            occurrences.add_missed(tx, each.specialist, each.missed, each.at)


def _cursor(specialist: str, read: Read) -> tuple[str, bytes, int, bytes]:
    """A cursor's source, its position, the checksum of the whole row, and its position before."""
    source, position, before = read
    return source, position, checksum(specialist, source, position, 0, ""), before or b""
