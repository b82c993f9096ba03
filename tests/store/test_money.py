"""Accounts under random reservations, settlements and changed caps: no committed state spends what it may not."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from anyio.from_thread import start_blocking_portal
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from platos.core.budget import Account
from platos.core.event import MoneyReserved, MoneySettled
from platos.errors import BudgetExceeded
from platos.store import Store, Tx, accounts, journal, open_store

Rows = Callable[[str], list[tuple[object, ...]]]
RecordCases = Callable[[str, int], None]

NOW = 1_790_000_000_000_000
PATH = ("all/day", "specialist/ana/day", "run/1")
AMOUNTS = st.integers(0, 120)
CHAIN = journal.specialist_chain("ana")


def reserve(tx: Tx, amount: int) -> int:
    number = tx.next_number("reservation")
    event = MoneyReserved(
        at=NOW,
        reservation=number,
        accounts=tuple((name, amount) for name in PATH),
        amount=amount,
        specialist="ana",
        model="m",
        tier="small",
        step="s",
    )
    tx.record(CHAIN, event)
    return number


def settle(tx: Tx, reservation: int, charged: int) -> None:
    tx.record(CHAIN, MoneySettled(at=NOW, reservation=reservation, charged=charged, cause="answered"))


def set_caps(tx: Tx, caps: dict[str, int]) -> None:
    accounts.open_accounts(tx, [Account(*each) for each in caps.items()], NOW)


class Ledger(RuleBasedStateMachine):
    """The real store beside sums kept by hand."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.caps = dict.fromkeys(PATH, 300)
        self.spent = 0
        self.open: dict[int, int] = {}
        self._portal = start_blocking_portal()
        self.portal = self._portal.__enter__()
        self._store = self.portal.wrap_async_context_manager(open_store(self.folder, command="test", now=NOW))
        self.store: Store = self._store.__enter__()
        self.portal.call(self.store.transact, set_caps, self.caps)

    def teardown(self) -> None:
        self._store.__exit__(None, None, None)
        self._portal.__exit__(None, None, None)
        shutil.rmtree(self.folder)

    @property
    def used(self) -> int:
        return self.spent + sum(self.open.values())

    def headroom(self) -> int:
        return min(self.caps.values()) - self.used

    @rule(amount=AMOUNTS)
    def reserve(self, amount: int) -> None:
        try:
            number = self.portal.call(self.store.transact, reserve, amount)
        except BudgetExceeded:
            assert amount > self.headroom()
        else:
            assert amount <= self.headroom()
            self.open[number] = amount

    @precondition(lambda self: self.open)
    @rule(data=st.data(), charged=st.integers(0, 200))
    def settle(self, data: st.DataObject, charged: int) -> None:
        number = data.draw(st.sampled_from(sorted(self.open)))
        self.portal.call(self.store.transact, settle, number, charged)
        del self.open[number]
        self.spent += charged

    @rule(name=st.sampled_from(PATH), cap=st.integers(0, 600))
    def change_cap(self, name: str, cap: int) -> None:
        self.caps[name] = cap
        self.portal.call(self.store.transact, set_caps, {name: cap})

    @invariant()
    def accounts_are_right(self) -> None:
        for row in self.portal.call(accounts.every, self.store):
            assert (row.spent, row.reserved, row.cap) == (self.spent, sum(self.open.values()), self.caps[row.name])
            assert row.spent + row.reserved <= row.cap + row.excess

    @invariant()
    def what_is_held_is_known(self) -> None:
        assert {row.id: row.amount for row in self.portal.call(accounts.held, self.store)} == self.open


LENGTH = settings(max_examples=15, stateful_step_count=20, deadline=None)
UNTIL_FOUND = settings(LENGTH, max_examples=500, phases=[Phase.generate], database=None, derandomize=True)


def test_no_account_passes_its_cap() -> None:
    run_state_machine_as_test(Ledger, settings=LENGTH)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
def test_no_account_passes_its_cap_at_length(record_cases: RecordCases) -> None:
    run_state_machine_as_test(Ledger, settings=settings(LENGTH, max_examples=300, stateful_step_count=50))
    record_cases("ledgers", 300)


def test_check_then_act_is_noticed() -> None:
    """Planted: a reservation that looks at the cap in one transaction, and holds the money in the next."""
    forgetful = "UPDATE accounts SET reserved = reserved + :amount, excess = excess + :amount WHERE name = :name"

    def look(tx: Tx, amount: int) -> bool:
        return all(used + amount <= cap for used, cap in tx.all("SELECT spent + reserved, cap FROM accounts"))

    def hold(tx: Tx, amount: int) -> int:
        patched = accounts.SQL.reserve
        accounts.SQL.reserve = forgetful
        try:
            return reserve(tx, amount)
        finally:
            accounts.SQL.reserve = patched

    class CheckThenAct(Ledger):
        @rule(first=AMOUNTS, second=AMOUNTS)
        def two_at_once(self, first: int, second: int) -> None:
            fits = [self.portal.call(self.store.transact, look, amount) for amount in (first, second)]
            for amount, allowed in zip((first, second), fits, strict=True):
                if allowed:
                    assert amount <= self.headroom()
                    self.open[self.portal.call(self.store.transact, hold, amount)] = amount

    with pytest.raises(AssertionError):
        run_state_machine_as_test(CheckThenAct, settings=UNTIL_FOUND)


async def test_a_refusal_names_the_account_and_holds_nothing(store: Store) -> None:
    await store.transact(set_caps, dict(zip(PATH, (100, 100, 5), strict=True)))
    with pytest.raises(BudgetExceeded) as refused:
        await store.transact(reserve, 6)
    assert refused.value.where == "run/1"
    assert {row.reserved for row in await accounts.every(store)} == {0}


async def test_an_account_that_is_not_there_pays_nothing(store: Store) -> None:
    with pytest.raises(BudgetExceeded):
        await store.transact(reserve, 1)


async def test_the_check_stands_behind_the_statement(store: Store, rows: Rows) -> None:
    await store.transact(set_caps, {"run/1": 5})
    with pytest.raises(Exception, match="CHECK constraint failed"):
        rows("UPDATE accounts SET reserved = 6")
