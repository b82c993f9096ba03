"""Every chain of the journal verifies, ends where its seal says, and makes the projections as they stand."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import groupby

from platos.core.chain import GENESIS, link
from platos.core.event import ChainSealed, ProcessStarted
from platos.store import Tx
from tests.simulation.record import Record

__all__ = ["check_chains", "check_projections"]

PROJECTIONS = ("plans", "steps", "gates", "effects", "evidence", "reservations", "accounts", "runs")
"""What the journal makes again; those that refer to others come first."""


def check_chains(record: Record) -> int:
    """Linked without a gap, sealed once, nothing after the seal, each process a later epoch. How many entries."""
    heads: dict[int, tuple[int, str]] = {}
    entries = sorted(record.rows("journal"), key=lambda row: (row["chain"], row["n"]))
    for chain, rows in groupby(entries, key=lambda row: int(row["chain"])):
        length, digest = 0, GENESIS
        for row in rows:
            assert row["n"] == length + 1, f"chain {chain} has no entry {length + 1}"
            length, digest = row["n"], link(digest, row["body"])
            assert digest == row["hash"], f"entry {length} of chain {chain} is not what was written"
        heads[chain] = (length, digest.hex())
    seals = record.events(ChainSealed)
    assert len({seal.chain for seal in seals}) == len(seals), "a chain is sealed twice"
    for seal in seals:
        assert heads[seal.chain] == (seal.length, seal.head), f"{seal.name} goes on after its seal"
    epochs = [event.epoch for event in record.events(ProcessStarted)]
    assert epochs == sorted(set(epochs)), "two processes had one epoch"
    return len(entries)


def check_projections(record: Record) -> None:
    """Thrown away and made again from the journal, the projections are the same, row for row. Nothing is kept of it."""
    with closing(sqlite3.connect(record.path, isolation_level=None)) as connection:
        connection.execute("BEGIN")
        for table in PROJECTIONS:
            connection.execute(f"DELETE FROM {table}")  # noqa: S608
        tx = Tx(connection)
        for entry in record.journal:
            tx.project(entry.seq, entry.event)
        made = {table: set(connection.execute(f"SELECT * FROM {table}")) for table in PROJECTIONS}  # noqa: S608
        connection.execute("ROLLBACK")
    for table, rows in made.items():
        stood = {tuple(row.values()) for row in record.rows(table)}
        assert rows == stood, f"{table} is not what the journal says: {sorted(map(str, rows ^ stood))[:2]}"
