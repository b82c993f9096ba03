"""Money: no account ever holds more than its cap allows, nothing stays held, and the charges are what was spent."""

from __future__ import annotations

from dataclasses import dataclass

from platos.core.event import AccountCapped, MoneyReserved, MoneySettled
from platos.core.money import Nano
from tests.simulation.record import Record

__all__ = ["check_money", "check_nothing_is_held"]


@dataclass
class _Account:
    cap: Nano = 0
    spent: Nano = 0
    reserved: Nano = 0
    excess: Nano = 0

    @property
    def holds(self) -> bool:
        return self.reserved >= 0 and self.spent + self.reserved <= self.cap + self.excess


def check_money(record: Record) -> int:
    """Add it all up again, event by event, in the order of the journal. How many calls were made."""
    accounts: dict[str, _Account] = {}
    held: dict[int, MoneyReserved] = {}
    for entry in record.journal:
        match entry.event:
            case AccountCapped(account=name, cap=cap):
                account = accounts.setdefault(name, _Account())
                account.cap = cap
                account.excess = max(0, account.spent + account.reserved - cap)
            case MoneyReserved() as event:
                held[event.reservation] = event
                for name, amount in event.accounts:
                    accounts[name].reserved += amount
                    assert accounts[name].spent + accounts[name].reserved <= accounts[name].cap, f"{name}: past its cap"
            case MoneySettled() as event:
                _settle(accounts, held.pop(event.reservation), event)
        assert all(account.holds for account in accounts.values()), f"an account does not hold after {entry}"
    stands = {
        row["name"]: _Account(row["cap"], row["spent"], row["reserved"], row["excess"])
        for row in record.rows("accounts")
    }
    assert stands == accounts, "the accounts are not what their charges come to"
    return len(record.events(MoneyReserved))


def _settle(accounts: dict[str, _Account], held: MoneyReserved, settled: MoneySettled) -> None:
    items = sum(name.startswith("item/") for name, _ in held.accounts)
    for name, amount in held.accounts:
        account = accounts[name]
        account.reserved -= amount
        account.spent += -(-settled.charged // items) if name.startswith("item/") else settled.charged
        account.excess = max(account.excess, account.spent + account.reserved - account.cap)


def check_nothing_is_held(record: Record) -> None:
    """Asked when all is at rest: no call is under way."""
    held = [row["id"] for row in record.rows("reservations") if row["state"] == "held"]
    assert not held, f"reservations that nobody settles: {held}"
