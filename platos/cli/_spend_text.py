"""Spending and accounts as text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from platos.cli._spent import Spend, Spent
from platos.cli.output import Line, bold, red, table, yellow
from platos.core.budget import Unit
from platos.core.money import dollars
from platos.runtime.measures.accounts import NEARLY, AccountState, FrozenState
from platos.runtime.measures.forecast import Forecast

__all__ = ["account_words", "render_frozen", "render_spend"]

_NUMBERS = ("CALLS", "TOKENS IN", "CACHED", "TOKENS OUT", "COST")


def render_spend(spent: Spend) -> Iterator[Line]:
    """The total, the rows, the forecast, and the accounts."""
    days = "today" if spent.days == 1 else f"in {spent.days} days"
    yield bold(f"{dollars(spent.total.cost_nano)} {days} ({spent.zone})")
    if spent.rows:
        yield from _rows(spent)
    yield _forecast(spent.forecast)
    if spent.accounts:
        yield bold("Accounts now")
        yield from _accounts(spent.accounts)
    yield from render_frozen(spent.frozen)


def _rows(spent: Spend) -> Iterator[Line]:
    named = [tuple(getattr(row, column) for column in spent.by) for row in spent.rows]
    rows = [(*names, *_numbers(row)) for names, row in zip(named, spent.rows, strict=True)]
    total = ("total", *[""] * (len(spent.by) - 1), *_numbers(spent.total))
    yield from table((*(column.upper() for column in spent.by), *_NUMBERS), [*rows, total])


def _numbers(row: Spent) -> tuple[str, ...]:
    share = "-" if row.cached_share is None else f"{row.cached_share:.0%}"
    return (f"{row.calls:,}", f"{row.tokens_in:,}", share, f"{row.tokens_out:,}", dollars(row.cost_nano))


def _forecast(of: Forecast) -> Line:
    so_far = f"{of.month}: {dollars(of.spent_nano)} so far"
    cap = "" if of.cap_nano is None else f", of a cap of {dollars(of.cap_nano)}"
    if of.nano is None:
        return f"{so_far}{cap}; no forecast before there is a whole day"
    days = "the last whole day" if of.days == 1 else f"the last {of.days} whole days"
    text = f"{so_far}, {dollars(of.nano)} by its end if it goes on as in {days}{cap}"
    return text if of.cap_nano is None or of.nano <= of.cap_nano else yellow(f"{text}: it will not last")


def _accounts(found: Iterable[AccountState]) -> Iterator[Line]:
    head, *rows = table(("ACCOUNT", "SPENT", "HELD", "CAP", "USED", "TOLD", "UNTIL"), map(_account, found))
    yield head
    for each, row in zip(found, rows, strict=True):
        yield red(str(row)) if each.frozen else yellow(str(row)) if each.used >= NEARLY else row


def _account(each: AccountState) -> tuple[str, ...]:
    amounts = (_amount(each, amount) for amount in (each.spent, each.held, each.cap))
    told = f"{each.told}%" if each.told else "-"
    return (each.account, *amounts, f"{each.used:.0%}", told, "frozen" if each.frozen else each.ends or "-")


def account_words(each: AccountState) -> str:
    """`specialist/inbox/2026-11-21: $0.41 of $0.50 (82%)`, with what is held where anything is."""
    held = f" and {_amount(each, each.held)} held" if each.held else ""
    return f"{each.account}: {_amount(each, each.spent)}{held} of {_amount(each, each.cap)} ({each.used:.0%})"


def render_frozen(frozen: Iterable[FrozenState]) -> Iterator[Line]:
    """What is frozen and why, and what thaws it."""
    for each in frozen:
        yield red(f"{each.account} is frozen since {each.since}: {each.why}")
        yield f"  next: look at what was charged, then {each.next}"


def _amount(each: AccountState, amount: int) -> str:
    return dollars(amount) if each.unit == Unit.USD else f"{amount:,} {each.unit}"
