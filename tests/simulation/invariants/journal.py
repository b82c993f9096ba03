"""Every chain of the journal verifies, ends where its seal says, and makes the projections as they stand."""

from __future__ import annotations

from contextlib import closing
from itertools import groupby

from platos.core.chain import GENESIS, link
from platos.core.event import ChainSealed, ProcessStarted
from platos.store import database
from platos.store.rebuild import verify_projections
from tests.simulation.record import Record

__all__ = ["check_chains", "check_projections"]


def check_chains(record: Record) -> int:
    """Linked without a gap, sealed once, nothing after the seal, each process a later epoch. How many entries."""
    digests: dict[int, list[str]] = {}
    entries = sorted(record.rows("journal"), key=lambda row: (row["chain"], row["n"]))
    for chain, rows in groupby(entries, key=lambda row: int(row["chain"])):
        digest, told = GENESIS, digests.setdefault(chain, [])
        for row in rows:
            assert row["n"] == len(told) + 1, f"chain {chain} has no entry {len(told) + 1}"
            digest = link(digest, row["body"])
            assert digest == row["hash"], f"entry {row['n']} of chain {chain} is not what was written"
            told.append(digest.hex())
    seals = {seal.chain: seal for seal in record.events(ChainSealed)}
    for seal in record.events(ChainSealed):
        assert digests[seal.chain][seal.length - 1] == seal.head, f"{seal.name} is not what was sealed"
    for row in record.rows("chains"):
        ended = not row["sealed"] or seals[row["id"]].length == len(digests[row["id"]])
        assert ended, f"{row['name']} goes on after its seal"
    epochs = [event.epoch for event in record.events(ProcessStarted)]
    assert epochs == sorted(set(epochs)), "two processes had one epoch"
    return len(entries)


def check_projections(record: Record) -> None:
    """Made again from the journal, the projections are the same, row for row. Raises StoreCorrupt."""
    with closing(database.connect_read_only(record.path)) as connection:
        verify_projections(connection)
