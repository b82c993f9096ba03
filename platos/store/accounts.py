"""Accounts and reservations: who may spend what, what is held, and what was charged.

A reservation, its settlement and its voiding are events that nothing changes; the balances follow from them.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import add
from typing import NamedTuple

import msgspec

from platos.core.afford import Lines
from platos.core.budget import Account, Unit, date, root_of, share, unit_of
from platos.core.event import (
    AccountCapped,
    AccountFrozen,
    AccountReached,
    AccountThawed,
    MoneyReserved,
    MoneySettled,
)
from platos.core.instant import DAY, MINUTE, Instant
from platos.core.money import Nano, dollars
from platos.errors import BudgetExceeded, Frozen, InvalidTransition, NotFound
from platos.store.journal import SYSTEM, run_chain
from platos.store.sql import load
from platos.store.store import ReadStore
from platos.store.tx import Tx, projects

__all__ = [
    "AccountRow",
    "Asked",
    "Call",
    "FrozenRow",
    "Held",
    "SpendRow",
    "TierSpend",
    "by_run",
    "calls_of_run",
    "charged",
    "charged_to",
    "every",
    "find",
    "freeze",
    "frozen",
    "held",
    "in_words",
    "of_open_runs",
    "open_accounts",
    "refusal",
    "refuse_frozen",
    "spend",
    "spent",
    "tell_marks",
    "thaw",
    "triage_by_day",
    "triage_calls",
    "triage_spend",
]

SQL = load("accounts")

_MARKS = (50, 80, 100)
"""Percent of a cap at which its owner is told."""

_QUARTER = 15 * MINUTE
"""Every zone's days begin at a whole quarter of an hour."""

_TOLD = ("all", "named", "specialist", "triage")


class AccountRow(NamedTuple):
    """An account, in its unit: spent + reserved <= cap + excess. `told` is the last mark its owner was told of."""

    name: str
    cap: int
    spent: int
    reserved: int
    excess: int
    told: int

    @property
    def room(self) -> int:
        """How much more it can hold."""
        return self.cap - self.spent - self.reserved


class FrozenRow(NamedTuple):
    """An account on which nothing is spent until a person has looked."""

    account: str
    why: str
    since: Instant


class Held(NamedTuple):
    """A reservation that is not resolved."""

    id: int
    amount: Nano
    run: int | None
    specialist: str
    step: str


class Call(NamedTuple):
    """A model call: what was held for it, why and for what, what was charged, and what came of it.

    `prefix`, `request` and `response` are digests of payloads.
    """

    id: int
    state: str
    amount: Nano
    charged: Nano
    specialist: str
    run: int | None
    step: str
    tier: str
    model: str
    price: str
    max_output: int
    attempt: int
    cause: str
    instead: str
    prefix: str
    request: str
    response: str
    served: str
    finish: str
    why: str
    input: int
    cached: int
    stored: int
    stored_long: int
    output: int
    reasoning: int
    latency: int
    made: Instant

    @property
    def tokens_in(self) -> int:
        return self.input + self.cached + self.stored + self.stored_long

    @property
    def tokens_out(self) -> int:
        return self.output + self.reasoning


class SpendRow(NamedTuple):
    """What one tier of one specialist spent with one model on one day (`2026-11-21`).

    `tokens_new` went in and were not in the provider's cache, `cached` were.
    """

    day: str
    specialist: str
    tier: str
    model: str
    calls: int
    tokens_new: int
    cached: int
    tokens_out: int
    charged: Nano

    @property
    def tokens_in(self) -> int:
        return self.tokens_new + self.cached


class Asked(NamedTuple):
    """What one model was asked on a day, by a tier of the ladder, or in a run."""

    of: int
    tier: str
    model: str
    calls: int
    tokens_in: int
    tokens_out: int


class TierSpend(NamedTuple):
    """What one tier of a specialist's ladder asked models, and what it was charged."""

    calls: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    charged: Nano = 0


@projects(AccountCapped)
def _capped(tx: Tx, seq: int, event: AccountCapped) -> None:
    tx.execute(SQL.cap, name=event.account, cap=event.cap)


@projects(AccountReached)
def _reached(tx: Tx, seq: int, event: AccountReached) -> None:
    tx.execute(SQL.reached, name=event.account, percent=event.percent)


@projects(AccountFrozen)
def _frozen(tx: Tx, seq: int, event: AccountFrozen) -> None:
    tx.execute(SQL.freeze, account=event.account, why=event.why, since=event.at, event=seq)


@projects(AccountThawed)
def _thawed(tx: Tx, seq: int, event: AccountThawed) -> None:
    tx.execute(SQL.thaw, account=event.account)


@projects(MoneyReserved)
def _reserved(tx: Tx, seq: int, event: MoneyReserved) -> None:
    for account, amount in event.accounts:
        if not tx.execute(SQL.reserve, name=account, amount=amount):
            raise refusal(tx, Account(account, 0), amount)
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
        price=event.price,
        rates=event.rates,
        max_output=event.max_output,
        attempt=event.attempt,
        cause=event.cause,
        instead=event.instead,
        prefix=event.prefix,
        request=event.request,
        at=event.at,
    )


@projects(MoneySettled)
def _settled(tx: Tx, seq: int, event: MoneySettled) -> None:
    for account, held, charged in _charges(tx, event):
        tx.execute(SQL.settle, name=account, held=held, charged=charged)
    tx.execute(
        SQL.resolve,
        id=event.reservation,
        state=event.cause,
        charged=event.charged,
        served=event.served,
        service=event.service,
        finish=event.finish,
        why=event.why,
        response=event.response,
        latency=event.latency,
        at=event.at,
        **{name: getattr(event.usage, name) for name in event.usage.__struct_fields__},
    )


def _charges(tx: Tx, event: MoneySettled) -> list[tuple[str, int, int]]:
    """What each account held for the reservation, and what it is charged, in its unit."""
    row = tx.one(SQL.reservation, id=event.reservation)
    if row is None:
        raise InvalidTransition("the reservation is settled already", where=f"reservation {event.reservation}")
    lines = msgspec.json.decode(row[0], type=Lines)
    items = len({name.partition(":")[0] for name, _ in lines if name.startswith("item/")})
    return [(name, held, _charge(event, name, held, items)) for name, held in lines]


def _charge(event: MoneySettled, name: str, held: int, items: int) -> int:
    unit = unit_of(name)
    if unit is Unit.USD:
        return share(name, event.charged, items)
    if event.cause == "answered":
        return share(name, event.usage.total, items) if unit is Unit.TOKENS else held
    return held if event.cause == "unknown" else 0


def refusal(tx: Tx, account: Account, amount: int) -> BudgetExceeded:
    """Why an account does not hold so much more; `until` is when its window ends."""
    row = tx.one(SQL.one, name=account.name)
    cap, used = (row[1], row[2] + row[3]) if row else (0, 0)
    more, most, so_far = (in_words(account.name, each) for each in (amount, cap, used))
    return BudgetExceeded(
        f"{more} more would pass the cap of {most} ({so_far} spent or held)",
        where=account.name,
        hint="wait for the next window, or raise the cap in the budget of the specialist or of platos.toml",
        until=account.ends,
        alone=account.name.startswith("item/"),
    )


def in_words(account: str, amount: int) -> str:
    """An amount in the account's unit: `$0.50`, `1,200 tokens`, `3 calls`."""
    unit = unit_of(account)
    one = unit.removesuffix("s") if amount == 1 else unit
    return dollars(amount) if unit is Unit.USD else f"{amount:,} {one}"


def open_accounts(tx: Tx, path: Iterable[Account], at: Instant) -> dict[str, int]:
    """See to it that these accounts exist and have these caps; how much more each can hold, in its unit."""
    return {account.name: _open(tx, account, at) for account in path}


def _open(tx: Tx, account: Account, at: Instant) -> int:
    row = tx.one(SQL.one, name=account.name)
    if row is None or row[1] != account.cap:
        tx.record(_chain_of(account.name), AccountCapped(at=at, account=account.name, cap=account.cap))
        row = tx.one(SQL.one, name=account.name)
    assert row is not None
    return AccountRow(*row).room


def refuse_frozen(tx: Tx, path: Iterable[Account]) -> None:
    """Raises Frozen where an account of the path is."""
    found = tx.all(SQL.frozen)
    roots = {root_of(account.name) for account in path} if found else set()
    for account, why, _ in found:
        if account in roots:
            hint = f"look at what was charged, then: platos thaw {account}"
            raise Frozen(f"the account is frozen: {why}", where=account, hint=hint)


def freeze(tx: Tx, account: str, why: str, at: Instant) -> None:
    """Spend no more on an account, by its name without a window, until a person has looked."""
    tx.record(SYSTEM, AccountFrozen(at=at, account=account, why=why))


def thaw(tx: Tx, account: str, by: str, at: Instant) -> None:
    """A person has looked at a frozen account. Raises NotFound where it is not frozen."""
    names = [name for name, _, _ in tx.all(SQL.frozen)]
    if account not in names:
        raise NotFound("no such account is frozen", where=account, expected=", ".join(names) or "none is frozen")
    tx.record(SYSTEM, AccountThawed(at=at, by=by, account=account))


def tell_marks(tx: Tx, names: Iterable[str], at: Instant, *, refused: bool = False) -> list[AccountReached]:
    """What there is to tell the owners of these accounts: each mark that was passed since, once.

    An account that has refused a call has reached its cap, however little is left in it.
    """
    told = []
    for name in names:
        row = tx.one(SQL.one, name=name) if name.partition("/")[0] in _TOLD else None
        if row is not None and (mark := _mark(AccountRow(*row), refused=refused)):
            event = AccountReached(at=at, account=name, percent=mark)
            tx.record(SYSTEM, event)
            told.append(event)
    return told


def _mark(row: AccountRow, *, refused: bool) -> int:
    """The highest mark that the account has passed and nobody was told of; 0 where there is none."""
    spent = row.cap if refused else row.spent
    passed = [mark for mark in _MARKS if row.cap and 100 * spent >= mark * row.cap and mark > row.told]
    return max(passed, default=0)


def _chain_of(account: str) -> str:
    """A run's account is dropped with the run; the others are in the system's chain."""
    kind, _, run = root_of(account).partition("/")
    return run_chain(int(run)) if kind == "run" else SYSTEM


def spent(tx: Tx, run: int) -> Nano:
    """What a run has been charged so far, inside a transaction."""
    row = tx.one(SQL.spent_by_run, run=run)
    assert row is not None
    return int(row[0])


async def every(store: ReadStore) -> list[AccountRow]:
    """All accounts, by name."""
    return [AccountRow(*row) for row in await store.all(SQL.all)]


async def frozen(store: ReadStore) -> list[FrozenRow]:
    """The accounts that are frozen."""
    return [FrozenRow(*row) for row in await store.all(SQL.frozen)]


async def held(store: ReadStore) -> list[Held]:
    """Reservations that are not resolved: after a crash, calls that may have been sent."""
    return [Held(*row) for row in await store.all(SQL.held)]


async def calls_of_run(store: ReadStore, run: int) -> list[Call]:
    """A run's model calls, in order."""
    return [Call(*row) for row in await store.all(SQL.calls_of_run, run=run)]


async def triage_calls(
    store: ReadStore, specialist: str, since: Instant, until: Instant, items: Iterable[int]
) -> list[Call]:
    """The calls of a specialist's triage in some time that were about any of these items, in order.

    A call is known to be about an item by the item's account, so only where items have a cap.
    """
    roots = {f"item/{item}" for item in items}
    rows = await store.all(SQL.triage_calls, specialist=specialist, since=since, until=until)
    return [Call(*row) for accounts, *row in rows if roots & _roots(accounts)]


def _roots(accounts: str) -> set[str]:
    return {root_of(name) for name, _ in msgspec.json.decode(accounts, type=Lines)}


async def find(store: ReadStore, names: Iterable[str]) -> dict[str, AccountRow]:
    """The accounts of these names that there are."""
    rows = [await store.one(SQL.one, name=name) for name in names]
    return {row[0]: AccountRow(*row) for row in rows if row is not None}


async def of_open_runs(store: ReadStore) -> list[AccountRow]:
    """The accounts that there are of runs that have not ended, by name."""
    return [AccountRow(*row) for row in await store.all(SQL.of_open_runs)]


async def spend(store: ReadStore, since: Instant, zone: str = "UTC") -> list[SpendRow]:
    """What was spent since a moment, by the day there, specialist, tier and model."""
    found: dict[tuple[str, ...], SpendRow] = {}
    for quarter, *rest in await store.all(SQL.spend, since=since, quarter=_QUARTER):
        row = SpendRow(date(quarter * _QUARTER, zone), *rest)
        same = found.get(row[:4])
        found[row[:4]] = SpendRow(*row[:4], *map(add, same[4:], row[4:])) if same else row
    return [found[key] for key in sorted(found)]


async def charged(store: ReadStore, since: Instant, until: Instant) -> Nano:
    """What was charged for the calls that were made from a moment to another."""
    row = await store.one(SQL.charged, since=since, until=until)
    return int(row[0]) if row else 0


async def charged_to(store: ReadStore, specialist: str, since: Instant) -> tuple[Nano, Nano]:
    """What a specialist was charged for the calls made since a moment, and how much of it was triage's."""
    row = await store.one(SQL.charged_to, specialist=specialist, since=since)
    return (int(row[0]), int(row[1])) if row else (0, 0)


async def triage_by_day(store: ReadStore, specialist: str) -> list[Asked]:
    """What each tier of a specialist's triage asked each model on each day of UTC; `of` is the day's number."""
    rows = await store.all(SQL.triage_by_day, specialist=specialist, day=DAY)
    return [Asked(day, step.removeprefix("triage/"), *rest) for day, step, *rest in rows]


async def by_run(store: ReadStore, specialist: str) -> list[Asked]:
    """What the runs of a specialist asked each model; `of` is the run's number."""
    return [Asked(run, "", *rest) for run, *rest in await store.all(SQL.by_run, specialist=specialist)]


async def triage_spend(store: ReadStore, specialist: str) -> dict[str, TierSpend]:
    """What a specialist's triage has spent ever, by tier."""
    rows = await store.all(SQL.triage_spend, specialist=specialist)
    return {step.removeprefix("triage/"): TierSpend(*spent) for step, *spent in rows}
