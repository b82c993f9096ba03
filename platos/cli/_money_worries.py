"""What a person should look at about money and models: each with what to do next."""

from __future__ import annotations

from collections.abc import Iterator

from platos.cli._spend_text import account_words, render_frozen
from platos.cli.output import Line, one_line, red, yellow
from platos.runtime.measures.accounts import NEARLY
from platos.runtime.measures.read import Money

__all__ = ["render_worries"]


def render_worries(money: Money) -> Iterator[Line]:
    """Frozen accounts, open breakers, accounts that are nearly or wholly spent, and what has shifted about models."""
    yield from render_frozen(money.frozen)
    for breaker in money.breakers:
        yield red(f"{breaker.model} is not called since {breaker.since}: {one_line(breaker.cause, 200)}")
        yield "  next: mend its key or its bill, then platos doctor --models"
    for account in money.accounts:
        if account.used >= NEARLY:
            yield yellow(account_words(account))
    for alarm in (alarm for model in money.models for alarm in model.alarms):
        yield yellow(f"{alarm.model}: {one_line(alarm.says, 200)}")
