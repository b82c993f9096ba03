"""Sources: what is polled."""

from __future__ import annotations

from typing import Protocol

import msgspec

from platos.core.item import Item, Problem

__all__ = ["Polled", "Source"]


class Polled(msgspec.Struct, frozen=True, kw_only=True):
    """What a poll found.

    `items` may hold what was yielded before: the store drops what it has seen, by id and content digest. `cursor` is
    how far we have read, in the source's own bytes, at least one; it is stored with the items, in one transaction.
    `problems` are things that could not be read; they are shown, and tried again. `withdrawn` are ids of things
    that were yielded and are gone, where the source can tell for sure: what fell out of a list is not withdrawn.
    """

    cursor: bytes
    items: tuple[Item, ...] = ()
    problems: tuple[Problem, ...] = ()
    withdrawn: tuple[str, ...] = ()


class Source(Protocol):
    """Something to poll. A poll changes nothing: it may be repeated, and its answer may be thrown away.

    What it yields was written by others. Where it is the owner's own as well, as mail is, it has
    `provenance = (Provenance.PRIVATE,)`.
    """

    async def poll(self, cursor: bytes | None) -> Polled:
        """What is new since `cursor`; everything where it is None.

        Where nothing changed, the cursor comes back as it was, and the poll was cheap. Raises a Failure, or any
        error, where the source cannot be read at all: it is recorded, and the next wake-up polls again.
        """
        ...
