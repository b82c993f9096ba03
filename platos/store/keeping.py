"""What retention keeps, however old it is: whatever something that is open stands on."""

from __future__ import annotations

import re
from collections.abc import Sequence

from platos.core.event import (
    AccountCapped,
    AccountFrozen,
    AccountReached,
    AnyEvent,
    ChainSealed,
    ClockJumped,
    MoneyReserved,
    MoneySettled,
    Paused,
)
from platos.core.instant import DAY, Instant, iso
from platos.store import meta
from platos.store.sql import load
from platos.store.tx import Tx

__all__ = ["droppable", "may_change"]

SQL = load("keeping")

_OF_A_WINDOW = re.compile(r".*/(\d{4}-\d{2}(?:-\d{2})?)(?:T\d+)?(?::\w+)?")


def droppable(tx: Tx, entries: Sequence[tuple[int, AnyEvent]], before: Instant) -> int:
    """How many of the first entries of a chain may be dropped: up to one that is kept, and no half of a model call."""
    held: set[int] = set()
    count = 0
    for place, (seq, event) in enumerate(entries, start=1):
        if event.at >= before or _is_kept(tx, seq, event, before):
            break
        if isinstance(event, MoneyReserved):
            held.add(event.reservation)
        elif isinstance(event, MoneySettled):
            held.discard(event.reservation)
        count = count if held else place
    return count


def _is_kept(tx: Tx, seq: int, event: AnyEvent, before: Instant) -> bool:
    """A seal of what is there, a pause in force, money that may still be spent, a jump that a run still feels."""
    match event:
        case ChainSealed():
            return bool(tx.all(SQL.sealed, chain=event.chain))
        case Paused():
            row = tx.one(SQL.paused, name=event.specialist)
            return seq in (meta.get(tx, meta.PAUSED), row and row[0])
        case AccountCapped() | AccountReached():
            return may_change(event.account, before)
        case AccountFrozen():
            return bool(tx.all(SQL.frozen, seq=seq))
        case MoneyReserved():
            return any(may_change(account, before) for account, _ in event.accounts)
        case ClockJumped():
            return bool(tx.all(SQL.pending))
    return False


def may_change(account: str, before: Instant) -> bool:
    """Is anything that is spent from now on spent on this account?"""
    window = _OF_A_WINDOW.fullmatch(account)
    return window is None or window[1] >= iso(before - DAY)[: len(window[1])]
