"""Accounts as they stand: those that pay for what is asked now, and those on which nothing is spent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from platos.core.budget import Account, CommonBudget, root_of, run_path, triage_path, unit_of, window_of
from platos.core.instant import Instant, iso
from platos.core.specialist import Specialist
from platos.store import ReadStore, accounts
from platos.store.accounts import AccountRow

__all__ = ["NEARLY", "AccountState", "FrozenState", "in_force", "read_accounts", "read_frozen", "untouched"]

NEARLY = 0.8
"""The share of a cap at which a person should know."""

_OF_ONE_THING = ("wake", "run", "item")


class AccountState(msgspec.Struct, frozen=True, kw_only=True):
    """An account now. `root` is its name without its window and its unit: `usd`, in nano-dollars, `tokens` or `calls`.

    `held` is on its way and not spent yet. `told` is the last mark, in percent, that its owner was told of; `ends` is
    when its window does, empty where it has none. `frozen` is why nothing is spent on it.
    """

    account: str
    root: str
    window: str
    unit: str
    spent: int
    held: int
    cap: int
    told: int
    ends: str
    frozen: str

    @property
    def used(self) -> float:
        """The share of the cap that is spent or held; of a cap of nothing, none."""
        return (self.spent + self.held) / self.cap if self.cap else 0.0


class FrozenState(msgspec.Struct, frozen=True, kw_only=True):
    """An account on which nothing is spent, by its root, and the command that lets it be spent on again."""

    account: str
    why: str
    since: str
    next: str


def in_force(specialists: Iterable[Specialist], common: CommonBudget, now: Instant) -> list[Account]:
    """Every account with a window that pays for what these specialists ask now, once, with the cap it has now."""
    found: dict[str, Account] = {}
    for its in specialists:
        zone = its.schedule.zone
        of_triage = triage_path(its.name, its.budget, common, zone=zone, at=now, wake=now, items=())
        of_runs = run_path(its.name, its.budget, common, zone=zone, at=now, run=0, items=())
        found |= {account.name: account for account in (*of_triage, *of_runs)}
    return [account for account in found.values() if account.name.partition("/")[0] not in _OF_ONE_THING]


async def read_accounts(store: ReadStore, paying: Sequence[Account]) -> tuple[AccountState, ...]:
    """How these accounts stand, and those of runs that are open. One that nothing was spent on yet is empty."""
    rows = await accounts.find(store, [account.name for account in paying])
    frozen = {each.account: each.why for each in await accounts.frozen(store)}
    of_runs = [_state(Account(row.name, row.cap), row, frozen) for row in await accounts.of_open_runs(store)]
    return (*(_state(account, rows.get(account.name), frozen) for account in paying), *of_runs)


def untouched(paying: Iterable[Account]) -> tuple[AccountState, ...]:
    """How accounts stand where nothing has run yet."""
    return tuple(_state(account, None, {}) for account in paying)


async def read_frozen(store: ReadStore) -> tuple[FrozenState, ...]:
    """The accounts that are frozen, and what thaws them."""
    return tuple(
        FrozenState(account=each.account, why=each.why, since=iso(each.since), next=f"platos thaw {each.account}")
        for each in await accounts.frozen(store)
    )


def _state(account: Account, row: AccountRow | None, frozen: dict[str, str]) -> AccountState:
    root = root_of(account.name)
    return AccountState(
        account=account.name,
        root=root,
        window=window_of(account.name),
        unit=unit_of(account.name),
        spent=row.spent if row else 0,
        held=row.reserved if row else 0,
        cap=account.cap,
        told=row.told if row else 0,
        ends=iso(account.ends),
        frozen=frozen.get(root, ""),
    )
