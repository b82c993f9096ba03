"""Evidence: what the runtime itself saw."""

from __future__ import annotations

from platos.core.event import EvidenceRecorded, decode_event
from platos.core.evidence import Evidence
from platos.core.instant import Instant
from platos.store.journal import run_chain
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx, projects

__all__ = ["of_run", "record"]

SQL = load("evidence")


@projects(EvidenceRecorded)
def _recorded(tx: Tx, seq: int, event: EvidenceRecorded) -> None:
    tx.execute(SQL.add, number=event.number, run=event.run, kind=event.evidence.kind, event=seq)


def record(tx: Tx, run: int, evidence: Evidence, at: Instant) -> str:
    """Keep a piece of evidence; its name (`e7`)."""
    number = tx.next_number("evidence")
    tx.record(run_chain(run), EvidenceRecorded(at=at, number=number, run=run, evidence=evidence))
    return f"e{number}"


async def of_run(store: ReadStore, run: int) -> list[tuple[str, Evidence, Instant]]:
    """A run's evidence: name, record, when."""
    found = []
    for number, body in await store.all(SQL.of_run, run=run):
        event = decode_event(body)
        assert isinstance(event, EvidenceRecorded)
        found.append((f"e{number}", event.evidence, event.at))
    return found
