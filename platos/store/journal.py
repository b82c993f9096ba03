"""The journal: what happened. Entries are appended by `Tx.record` alone."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec

from platos.core.digest import digest_bytes
from platos.core.event import AnyEvent, ChainSealed, decode_event
from platos.core.instant import Instant
from platos.errors import InvalidTransition, StoreCorrupt
from platos.store.sql import load
from platos.store.store import ReadStore, Row
from platos.store.tx import Tx
from platos.store.verify import base_of, verify_chain

__all__ = [
    "SYSTEM",
    "backwards",
    "chain",
    "events",
    "get_payload",
    "last",
    "put_payload",
    "run_chain",
    "seal",
    "specialist_chain",
    "unseal",
]

SQL = load("journal")

SYSTEM = "system"

_AT_ONCE = 500


def run_chain(run: int) -> str:
    """The name of a run's chain, and of the run for people: `r17`."""
    return f"r{run}"


def specialist_chain(name: str) -> str:
    """The name of a specialist's chain."""
    return f"specialist:{name}"


def seal(tx: Tx, name: str, at: Instant) -> None:
    """A chain has ended: keep its length and last digest in the system's chain."""
    head = tx.seal(name, sealed=True)
    tx.record(SYSTEM, ChainSealed(at=at, chain=head.chain, name=name, length=head.length, head=head.digest.hex()))


def unseal(tx: Tx, name: str) -> None:
    """A chain that had ended goes on: what ended is taken up again. Raises InvalidTransition where it was dropped."""
    if tx.one(SQL.known, name=name) is None:
        raise InvalidTransition(
            "it ended too long ago: what it was is dropped",
            where=name,
            hint="platos wake NAME --input FILE hands in what it was about",
        )
    tx.seal(name, sealed=False)


def put_payload(tx: Tx, content: bytes) -> str:
    """Keep a large content once; its digest."""
    digest = digest_bytes(content)
    tx.execute(SQL.put_payload, digest=digest, content=content)
    return digest


async def get_payload(store: ReadStore, digest: str) -> bytes:
    """A large content by its digest. Raises StoreCorrupt where it is not what the digest says."""
    row = await store.one(SQL.payload, digest=digest)
    if row is None or digest_bytes(row[0]) != digest:
        raise StoreCorrupt(f"the payload {digest[:12]} is missing or damaged", hint="restore a backup")
    content: bytes = row[0]
    return content


async def chain(store: ReadStore, name: str) -> list[tuple[int, bytes, bytes]]:
    """A chain's entries in order, as (number, body, digest)."""
    return [(n, body, digest) for n, body, digest, *_ in await store.all(SQL.chain, name=name)]


async def events(store: ReadStore, name: str) -> list[AnyEvent]:
    """A chain's events in order, verified. Raises StoreCorrupt."""
    return _told(name, await store.all(SQL.chain, name=name))


async def backwards(store: ReadStore) -> AsyncIterator[tuple[str, AnyEvent]]:
    """Every entry, the last first, with the chain that it stands in. They are not verified."""
    seq = await last(store) + 1
    while rows := await store.all(SQL.before, seq=seq, count=_AT_ONCE):
        for _, chain, body in rows:
            yield chain, decode_event(body)
        seq = rows[-1][0]


async def last(store: ReadStore) -> int:
    """The number of the last entry."""
    row = await store.one(SQL.last)
    return int(row[0] or 0) if row else 0


def _told(name: str, rows: list[Row]) -> list[AnyEvent]:
    verify_chain(name, [(n, body, digest) for n, body, digest, *_ in rows], base_of(rows))
    try:
        return [decode_event(body) for _, body, *_ in rows]
    except msgspec.DecodeError as error:
        raise StoreCorrupt(f"the journal's chain {name} cannot be read: {error}") from error
