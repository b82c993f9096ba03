"""Every table. Who writes, or plays the journal back, has them all, so that every event has its projection."""

from __future__ import annotations

from sqlite3 import Connection

from platos.store import (  # noqa: F401 - each brings the projections of its events
    accounts,
    agenda,
    ahead,
    always,
    answers,
    audits,
    autopilots,
    breakers,
    cursors,
    decisions,
    effects,
    evidence,
    gates,
    items,
    journal,
    labels,
    matters,
    memories,
    notes,
    notices,
    occurrences,
    passages,
    past,
    pauses,
    quiet,
    runs,
    specialists,
    steps,
    verdicts,
    waits,
)
from platos.store.tx import Tx

__all__ = ["transaction"]


def transaction(connection: Connection) -> Tx:
    """What a transaction function gets, on this connection. Nothing else makes one."""
    return Tx(connection)
