"""A specialist's days, as the runtime would leave them: items, verdicts, money, runs. Small, for there are many."""

from __future__ import annotations

import msgspec

from platos.core.budget import Account
from platos.core.digest import canonical
from platos.core.event import (
    DefinitionLoaded,
    ItemsArrived,
    MoneyReserved,
    MoneySettled,
    ProcessStarted,
    RunMoved,
    RunOpened,
    StepMoved,
)
from platos.core.instant import DAY, Instant, iso
from platos.core.item import Item, ItemState
from platos.core.money import Usage
from platos.core.state import Outcome, State
from platos.core.step import StepKind
from platos.core.verdict import Decision, Verdict
from platos.ports.model import ModelReply
from platos.store import Tx, accounts, answers, items, journal, occurrences, specialists, steps, verdicts
from platos.store.occurrences import OccurrenceRow
from platos.store.verdicts import TierVerdict

__all__ = ["CHAIN", "CHARGE", "ITEMS", "NAME", "a_day", "at", "begin", "end", "pay"]

NAME = "ana"
CHAIN = journal.specialist_chain(NAME)
START: Instant = 1_790_000_000_000_000
ITEMS, STEPS = 4, 6
CHARGE = 70
_LARGE = 20_000


def at(day: int) -> Instant:
    """The moment of a day."""
    return START + day * DAY


def begin(tx: Tx) -> None:
    """The specialist as it is loaded on its first day."""
    definition = journal.put_payload(tx, b"the definition")
    specialists.put(tx, NAME, definition, START)
    tx.record(CHAIN, DefinitionLoaded(at=START, specialist=NAME, definition=definition, since=START))


def a_day(tx: Tx, day: int, *, ends: bool = True) -> int:
    """A day with some items of which one is a signal, and a run for it that ends, or does not; the run."""
    now = at(day)
    tx.record(journal.SYSTEM, ProcessStarted(at=now, epoch=day + 1, version="1"))
    numbers = [_arrive(tx, day, n) for n in range(ITEMS)]
    tx.record(CHAIN, ItemsArrived(at=now, specialist=NAME, slot=now, items=tuple((n, "") for n in numbers)))
    occurrences.add(tx, NAME, OccurrenceRow(now, now, 1, "ran", "", ITEMS, now, now))
    answers.keep(tx, ModelReply(text="noise", usage=Usage(), served="m"), f"question {day}", now)
    said = Verdict(decision=Decision.DISMISS, reason="none of the words")
    verdicts.add(tx, [TierVerdict(number, 0, "rules", said) for number in numbers], now)
    for number in numbers[1:]:
        items.move(tx, number, ItemState.DISMISSED)
    pay(tx, CHAIN, now, f"triage/{NAME}/{iso(now)[:10]}", None)
    return _run(tx, now, numbers[0], ends)


def _arrive(tx: Tx, day: int, n: int) -> int:
    item = Item(id=f"{day}-{n}", text=f"What came on day {day}. " * 20)
    number = items.add(tx, NAME, "inbox", item, digest=item.digest(), seen=at(day))
    assert number is not None
    return number


def _run(tx: Tx, now: Instant, item: int, ends: bool) -> int:
    run = tx.next_number("run")
    chain, definition = journal.run_chain(run), journal.put_payload(tx, b"the definition")
    items.move(tx, item, ItemState.SIGNAL)
    items.take(tx, item, run)
    tx.record(chain, RunOpened(at=now, run=run, specialist=NAME, definition=definition, items=(item,)))
    tx.record(chain, RunMoved(at=now, run=run, old=State.PENDING, new=State.RUNNING))
    for n in range(STEPS):
        steps.put(tx, _step(run, n, now))
    pay(tx, chain, now, f"run/{run}", run)
    if ends:
        end(tx, run, now, State.SUCCESS, Outcome.DONE)
    return run


def end(tx: Tx, run: int, now: Instant, state: State, outcome: Outcome | None = None) -> None:
    """End a run that is running."""
    tx.record(journal.run_chain(run), RunMoved(at=now, run=run, old=State.RUNNING, new=state, outcome=outcome))
    journal.seal(tx, journal.run_chain(run), now)


def _step(run: int, n: int, now: Instant) -> StepMoved:
    """The first of a run has a large result, which is a payload."""
    return StepMoved(
        at=now,
        run=run,
        revision=1,
        path="work",
        name=f"s{n}",
        ordinal=1,
        kind=StepKind.LOCAL,
        state=State.SUCCESS,
        input="",
        result=msgspec.Raw(canonical(f"{run}" * (100 if n else _LARGE))),
    )


def pay(tx: Tx, chain: str, now: Instant, account: str, run: int | None) -> None:
    """A model call on the account of everybody's day, and on another one."""
    names = (f"all/{iso(now)[:10]}", account)
    accounts.open_accounts(tx, [Account(name, 10_000) for name in names], now)
    number = tx.next_number("reservation")
    held = MoneyReserved(
        at=now,
        reservation=number,
        accounts=tuple((name, 90) for name in names),
        amount=90,
        specialist=NAME,
        model="m",
        tier="small",
        step="s",
        run=run,
    )
    tx.record(chain, held)
    tx.record(chain, MoneySettled(at=now, reservation=number, charged=CHARGE, cause="answered"))
