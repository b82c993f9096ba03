"""Quiet wake-ups: each one moves its specialist's row on, and that is all; many in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from platos.core.instant import Instant
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
    """How far a source of a specialist was read, without a problem and without anything new."""

    specialist: str
    source: str
    position: bytes


class Quiet(NamedTuple):
    """A wake-up that found nothing: what it claims, its slot, what comes next, and what was read; None where a cursor
    stays as it is."""

    claim: Claim
    slot: Instant
    upcoming: Instant
    read: Read | None = None


def advance(tx: Tx, brought: Sequence[Quiet]) -> None:
    """Move their rows on; what somebody else has claimed, or another definition, is let be."""
    tx.spread(_READ, [(*each.claim, *_cursor(each.read)) for each in brought if each.read is not None])
    tx.spread(_ADVANCE, [(*each.claim, each.slot, each.upcoming) for each in brought])


def _cursor(read: Read) -> tuple[str, bytes, int]:
    """The columns of a cursor: its source, its position, and the checksum of the whole row."""
    return read.source, read.position, checksum(*read, 0, "")
