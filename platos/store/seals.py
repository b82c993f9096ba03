"""Verification of the seals: a sealed chain is as long, and ends as it did, when it was sealed."""

from __future__ import annotations

from sqlite3 import Connection
from typing import NamedTuple

from platos.core.event import ChainSealed, decode_event
from platos.errors import StoreCorrupt
from platos.store.journal import SYSTEM
from platos.store.sql import load

__all__ = ["verify_seals"]

SQL = load("verify")


class _Chain(NamedTuple):
    """A chain as its row has it, and the number of its last entry."""

    id: int
    name: str
    sealed: int
    cut: int
    base: bytes | None
    length: int | None


def verify_seals(connection: Connection) -> None:
    """Every seal holds, and what is marked as sealed has one. Raises StoreCorrupt."""
    chains = {row[0]: _Chain(*row) for row in connection.execute(SQL.chains)}
    lengths: dict[int, int] = {}
    for _, body in connection.execute(SQL.seals, {"system": SYSTEM}):
        event = decode_event(body)
        if isinstance(event, ChainSealed) and event.chain in chains:
            _verify(connection, chains[event.chain], event)
            lengths[event.chain] = event.length
    for chain in chains.values():
        _hold(chain.sealed == int(lengths.get(chain.id) == chain.length), chain)


def _verify(connection: Connection, chain: _Chain, seal: ChainSealed) -> None:
    if seal.length < chain.cut:
        return
    if seal.length == chain.cut:
        found = chain.base
    else:
        row = connection.execute(SQL.entry, {"chain": chain.id, "n": seal.length}).fetchone()
        found = row[0] if row else None
    _hold(chain.name == seal.name and found is not None and found.hex() == seal.head, chain)


def _hold(sound: bool, chain: _Chain) -> None:
    if not sound:
        raise StoreCorrupt(f"the chain {chain.name} is not as it was sealed")
