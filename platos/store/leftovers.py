"""What retention drops beside the journal: old items' contents and verdicts, occurrences, answers, payloads.

An item's row stays, for it makes the item known; so does all of one that a person has labelled. Each transaction is
small.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from platos.core.instant import Instant
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx

__all__ = ["drop_answers", "drop_occurrences", "drop_payload", "empty_items", "unreferred"]

SQL = load("leftovers")

_AT_ONCE = 2_000
"""Entries of the journal that one query looks through: what it finds in them is held in memory."""

_REFERENCE = re.compile(rb'"(?:payload|definition|rates|prefix|request|response)":"([0-9a-f]{64})"')


def empty_items(tx: Tx, numbers: Sequence[int], before: Instant) -> int:
    """Drop the contents of old items, and what triage said of them; how many."""
    emptied = 0
    for number in numbers:
        if tx.execute(SQL.drop_content, item=number, before=before):
            tx.execute(SQL.drop_verdicts, item=number)
            emptied += 1
    return emptied


def drop_occurrences(tx: Tx, specialist: str, before: Instant, count: int) -> int:
    """Drop so many of a specialist's oldest occurrences; how many there were."""
    return tx.execute(SQL.drop_occurrences, specialist=specialist, before=before, count=count)


def drop_answers(tx: Tx, before: Instant, count: int) -> int:
    """Drop so many old answers; how many there were."""
    return tx.execute(SQL.drop_answers, before=before, count=count)


async def unreferred(store: ReadStore) -> tuple[list[str], int]:
    """The payloads that nothing refers to, and the last entry of the journal that was looked through for it."""
    [(first, last)] = await store.all(SQL.ends)
    left = {digest for (digest,) in await store.all(SQL.payloads)}
    left -= {digest for (digest,) in await store.all(SQL.pinned)}
    for after in range(first - 1, last, _AT_ONCE):
        for (body,) in await store.all(SQL.referring, after=after, last=min(last, after + _AT_ONCE)):
            left -= {digest.decode() for digest in _REFERENCE.findall(body)}
    return sorted(left), last


def drop_payload(tx: Tx, digest: str, last: int) -> int:
    """Drop a payload, unless something has come to refer to it since that entry of the journal."""
    if tx.all(SQL.newer, seq=last, digest=digest):
        return 0
    return tx.execute(SQL.drop_payload, digest=digest)
