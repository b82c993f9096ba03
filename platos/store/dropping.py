"""What retention drops of the journal: the chains of runs that ended long ago, and the first entries of the others.

What is dropped was sealed, and the seal stays. A run's row and an account stay as they are, and from then on vouch for
themselves: nothing they could be made again from is left. Each transaction is small, whatever it is a part of.
"""

from __future__ import annotations

import msgspec

from platos.core.afford import Lines
from platos.core.budget import root_of
from platos.core.event import (
    AccountCapped,
    AccountReached,
    ChainSealed,
    DefinitionLoaded,
    MoneyReserved,
    decode_event,
)
from platos.core.instant import Instant
from platos.core.state import FINAL
from platos.store import passages
from platos.store.checksum import checksum
from platos.store.journal import SYSTEM, run_chain
from platos.store.keeping import droppable, may_change
from platos.store.sql import load
from platos.store.tx import Row, Tx

__all__ = ["AT_ONCE", "cut_chain", "drop_run"]

SQL = load("dropping")

AT_ONCE = 500
"""Entries that one transaction drops. Of a chain that goes on for years, no fewer are dropped."""


def drop_run(tx: Tx, run: int, before: Instant) -> int:
    """Drop some of a run that ended before then, but not its row; how many entries, 0 where nothing is left to drop.

    A run is kept as long as the month that it spent in: what it left on the month's accounts is a part of them.
    """
    row, chain = tx.one(SQL.run, run=run), tx.one(SQL.chain, name=run_chain(run))
    if row is None or chain is None or row[3] not in FINAL or row[9] >= before or _still_counts(tx, run, before):
        return 0
    if row[-1] is None:
        _drop_projections(tx, run)
        tx.execute(SQL.keep_run, run=run, checksum=checksum(*row[:-1]))
    return _drop_all(tx, chain[0])


def _still_counts(tx: Tx, run: int, before: Instant) -> bool:
    """Is anything still spent on an account that the run has spent on? Not on its own."""
    lines = (msgspec.json.decode(accounts, type=Lines) for _, accounts in tx.all(SQL.calls, run=run))
    return any(may_change(name, before) for held in lines for name, _ in held if root_of(name) != f"run/{run}")


def _drop_projections(tx: Tx, run: int) -> None:
    for drop in (SQL.drop_gates, SQL.drop_effects, SQL.drop_evidence):
        tx.execute(drop, run=run)
    passages.forget(tx, run_chain(run))
    _keep_accounts(tx, (f"run/{run}",))
    for reservation, accounts in tx.all(SQL.calls, run=run):
        tx.execute(SQL.drop_reservation, id=reservation)
        _keep_accounts(tx, _names(msgspec.json.decode(accounts, type=Lines)))


def _drop_all(tx: Tx, chain: int) -> int:
    entries = tx.all(SQL.entries, chain=chain, count=AT_ONCE)
    if entries:
        _drop(tx, chain, entries)
    if len(entries) < AT_ONCE:
        tx.execute(SQL.drop_chain, chain=chain)
    return len(entries)


def cut_chain(tx: Tx, name: str, before: Instant, now: Instant) -> int:
    """Seal the first entries of a chain that goes on, and drop them; how many. Its last entry always stays."""
    found = tx.one(SQL.chain, name=name)
    entries = tx.all(SQL.entries, chain=found[0], count=AT_ONCE + 1) if found else []
    if found is None or len(entries) <= AT_ONCE:
        return 0
    events = [(seq, decode_event(body)) for seq, _, body, _ in entries[:AT_ONCE]]
    count = droppable(tx, events, before) if events[-1][1].at < before else 0
    if count:
        chain, (_, n, _, digest) = found[0], entries[count - 1]
        for _, event in events[:count]:
            _let_go(tx, event)
        _carry_on(tx, name, chain, n, [event for _, event in events[:count]], now)
        tx.record(SYSTEM, ChainSealed(at=now, chain=chain, name=name, length=n, head=digest.hex()))
        _drop(tx, chain, entries[:count])
    return count


def _let_go(tx: Tx, event: object) -> None:
    """What an event has made goes with it, or vouches for itself from here on."""
    if isinstance(event, MoneyReserved):
        tx.execute(SQL.drop_reservation, id=event.reservation)
        _keep_accounts(tx, _names(event.accounts))
    elif isinstance(event, AccountCapped | AccountReached):
        _keep_accounts(tx, (event.account,))


def _carry_on(tx: Tx, name: str, chain: int, n: int, events: list[object], now: Instant) -> None:
    """A definition that is in force is told again, where the entry that told of it is dropped."""
    told = [event for event in events if isinstance(event, DefinitionLoaded)]
    if told and not tx.all(SQL.later, chain=chain, n=n, text='"type":"definition_'):
        row = tx.one(SQL.definition, name=told[-1].specialist)
        if row is not None and row[0] == told[-1].definition:
            tx.record(name, msgspec.structs.replace(told[-1], at=now))


def _names(lines: Lines) -> tuple[str, ...]:
    return tuple(name for name, _ in lines)


def _keep_accounts(tx: Tx, names: tuple[str, ...]) -> None:
    for name in names:
        row = tx.one(SQL.account, name=name)
        if row is not None and row[-1] is None:
            tx.execute(SQL.keep_account, name=name, checksum=checksum(*row[:-1]))


def _drop(tx: Tx, chain: int, entries: list[Row]) -> None:
    _, n, _, digest = entries[-1]
    tx.execute(SQL.drop_entries, chain=chain, n=n)
    tx.execute(SQL.cut, chain=chain, n=n, hash=digest)
