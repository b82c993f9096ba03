"""Items that their source has no more: those that nobody works on are judged no longer; a run is told and goes on."""

from __future__ import annotations

from collections.abc import Iterable

from platos.core.event import ItemsWithdrawn
from platos.core.instant import Instant
from platos.core.state import FINAL
from platos.store import Tx, items, journal, runs

__all__ = ["withdraw"]


def withdraw(tx: Tx, name: str, source: str, ids: Iterable[str], now: Instant) -> bool:
    """Mark every version of these things; False where none was stored, or all were withdrawn before.

    The journal says so in the specialist's chain, and in that of each open run that took one. A run that has ended
    is sealed: its items are only marked.
    """
    gone: dict[int | None, list[int]] = {}
    for id in ids:
        for number, run in items.withdraw(tx, name, source, id, now):
            gone.setdefault(run, []).append(number)
    for run, numbers in gone.items():
        if run is None or runs.state_of(tx, run) not in FINAL:
            chain = journal.specialist_chain(name) if run is None else journal.run_chain(run)
            event = ItemsWithdrawn(at=now, specialist=name, source=source, items=tuple(numbers), run=run)
            tx.record(chain, event)
    return bool(gone)
