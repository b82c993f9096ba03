"""Accounts and reservations: who may spend what, what is held, and what was charged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from platos.core.event import AccountCapped, MoneyReserved, MoneySettled
from platos.core.instant import Instant
from platos.core.money import Nano, dollars
from platos.errors import BudgetExceeded, InvalidTransition
from platos.store.journal import SYSTEM, run_chain
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx, projects

__all__ = [
    "AccountRow",
    "Call",
    "Held",
    "SpendRow",
    "TierSpend",
    "calls_of_run",
    "every",
    "held",
    "open_accounts",
    "spend",
    "spent",
    "triage_spend",
]

SQL = load("accounts")


class AccountRow(NamedTuple):
    """An account, in nano-dollars: spent + reserved <= cap + excess."""

    name: str
    cap: Nano
    spent: Nano
    reserved: Nano
    excess: Nano


class Held(NamedTuple):
    """A reservation that is not resolved."""

    id: int
    amount: Nano
    run: int | None
    specialist: str
    step: str


class Call(NamedTuple):
    """A model call: what was held for it, what was charged, and what came of it."""

    id: int
    state: str
    amount: Nano
    charged: Nano
    specialist: str
    run: int | None
    step: str
    tier: str
    model: str
    served: str
    tokens_in: int
    tokens_out: int
    latency: int
    made: Instant


class SpendRow(NamedTuple):
    """What one tier of one specialist spent with one model on one UTC day (days since 1970)."""

    day: int
    specialist: str
    tier: str
    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    charged: Nano


class TierSpend(NamedTuple):
    """What one tier of a specialist's ladder asked models, and what it was charged."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    charged: Nano = 0


@projects(AccountCapped)
def _capped(tx: Tx, seq: int, event: AccountCapped) -> None:
    tx.execute(SQL.cap, name=event.account, cap=event.cap)


@projects(MoneyReserved)
def _reserved(tx: Tx, seq: int, event: MoneyReserved) -> None:
    for account in event.accounts:
        if not tx.execute(SQL.reserve, name=account, amount=event.amount):
            raise _refusal(tx, account, event.amount)
    tx.execute(
        SQL.hold,
        id=event.reservation,
        accounts=msgspec.json.encode(event.accounts).decode(),
        amount=event.amount,
        specialist=event.specialist,
        run=event.run,
        step=event.step,
        tier=event.tier,
        model=event.model,
        at=event.at,
    )


@projects(MoneySettled)
def _settled(tx: Tx, seq: int, event: MoneySettled) -> None:
    row = tx.one(SQL.reservation, id=event.reservation)
    if row is None:
        raise InvalidTransition("the reservation is settled already", where=f"reservation {event.reservation}")
    for account in msgspec.json.decode(row[0], type=list[str]):
        tx.execute(SQL.settle, name=account, held=row[1], charged=event.charged)
    tx.execute(
        SQL.resolve,
        id=event.reservation,
        state=event.cause,
        charged=event.charged,
        served=event.served,
        tokens_in=event.usage.input,
        tokens_out=event.usage.output,
        latency=event.latency,
        at=event.at,
    )


def _refusal(tx: Tx, account: str, amount: Nano) -> BudgetExceeded:
    row = tx.one(SQL.one, name=account)
    cap, used = (row[1], row[2] + row[3]) if row else (0, 0)
    return BudgetExceeded(
        f"{dollars(amount)} more would pass the cap of {dollars(cap)} ({dollars(used)} spent or held)",
        where=account,
        hint="wait for the next window, or raise the cap in the budget of the specialist or of platos.toml",
    )


def open_accounts(tx: Tx, caps: Iterable[tuple[str, Nano]], at: Instant) -> None:
    """See to it that these accounts exist and have these caps."""
    for name, cap in caps:
        row = tx.one(SQL.cap_of, name=name)
        if row is None or row[0] != cap:
            tx.record(_chain_of(name), AccountCapped(at=at, account=name, cap=cap))


def _chain_of(account: str) -> str:
    """A run's account is dropped with the run; those of a day are everybody's."""
    kind, _, run = account.partition("/")
    return run_chain(int(run)) if kind == "run" else SYSTEM


def spent(tx: Tx, run: int) -> Nano:
    """What a run has been charged so far, inside a transaction."""
    row = tx.one(SQL.spent_by_run, run=run)
    assert row is not None
    return int(row[0])


async def every(store: ReadStore) -> list[AccountRow]:
    """All accounts, by name."""
    return [AccountRow(*row) for row in await store.all(SQL.all)]


async def held(store: ReadStore) -> list[Held]:
    """Reservations that are not resolved: after a crash, calls that may have been sent."""
    return [Held(*row) for row in await store.all(SQL.held)]


async def calls_of_run(store: ReadStore, run: int) -> list[Call]:
    """A run's model calls, in order."""
    return [Call(*row) for row in await store.all(SQL.calls_of_run, run=run)]


async def spend(store: ReadStore, since: Instant) -> list[SpendRow]:
    """What was spent since a moment, by UTC day, specialist, tier and model."""
    return [SpendRow(*row) for row in await store.all(SQL.spend, since=since)]


async def triage_spend(store: ReadStore, specialist: str) -> dict[str, TierSpend]:
    """What a specialist's triage has spent ever, by tier."""
    rows = await store.all(SQL.triage_spend, specialist=specialist)
    return {step.removeprefix("triage/"): TierSpend(*spent) for step, *spent in rows}
