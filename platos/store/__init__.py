"""The store: one SQLite file, one writer. One file per table; what a transaction means is the runtime's.

Importing the package imports every table, so that every event has its projection.
"""

from platos.store import (
    accounts,
    agenda,
    answers,
    audits,
    breakers,
    cursors,
    effects,
    evidence,
    gates,
    items,
    journal,
    labels,
    matters,
    memories,
    notices,
    occurrences,
    past,
    pauses,
    runs,
    specialists,
    steps,
    verdicts,
    waits,
)
from platos.store.store import ReadStore, Store, open_store, read_store
from platos.store.tx import Tx

__all__ = [
    "ReadStore",
    "Store",
    "Tx",
    "accounts",
    "agenda",
    "answers",
    "audits",
    "breakers",
    "cursors",
    "effects",
    "evidence",
    "gates",
    "items",
    "journal",
    "labels",
    "matters",
    "memories",
    "notices",
    "occurrences",
    "open_store",
    "past",
    "pauses",
    "read_store",
    "runs",
    "specialists",
    "steps",
    "verdicts",
    "waits",
]
