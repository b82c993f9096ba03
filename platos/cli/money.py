"""`platos spend`: what was spent, on what."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._context import load, run_async, show
from platos.cli.output import Line, bold, table
from platos.core.instant import DAY, iso
from platos.core.money import dollars
from platos.errors import NotFound
from platos.store import accounts, read_store
from platos.store.accounts import SpendRow

__all__ = ["spend"]

_LONGEST = 3_660


class Spent(msgspec.Struct, frozen=True, kw_only=True):
    """What one tier of model of one specialist cost on one UTC day."""

    day: str
    specialist: str
    tier: str
    model: str
    calls: int
    tokens_in: int
    tokens_out: int
    cost_nano: int


class Spend(msgspec.Struct, frozen=True, kw_only=True):
    """The last days. Money is nano-dollars."""

    days: int
    cost_nano: int
    rows: tuple[Spent, ...]


def spend(
    ctx: typer.Context,
    days: Annotated[int, typer.Option("--days", help="How many days, today included.", min=1, max=_LONGEST)] = 7,
) -> None:
    """Show what was spent, on what, by UTC day.

    Example: platos spend --days 30
    """
    show(ctx, run_async(_spend, load(ctx), days), _render)


async def _spend(app: App, days: int) -> Spend:
    since = (app.clock.now() // DAY - days + 1) * DAY
    try:
        async with read_store(app.workspace.state) as store:
            rows = tuple(_spent(row) for row in await accounts.spend(store, since))
    except NotFound:
        rows = ()
    return Spend(days=days, cost_nano=sum(row.cost_nano for row in rows), rows=rows)


def _spent(row: SpendRow) -> Spent:
    return Spent(
        day=iso(row.day * DAY)[:10],
        specialist=row.specialist,
        tier=row.tier,
        model=row.model,
        calls=row.calls,
        tokens_in=row.tokens_in,
        tokens_out=row.tokens_out,
        cost_nano=row.charged,
    )


def _render(spent: Spend) -> Iterator[Line]:
    days = "today" if spent.days == 1 else f"in {spent.days} days"
    yield bold(f"{dollars(spent.cost_nano)} {days}")
    if spent.rows:
        rows = [
            (row.day, row.specialist, row.tier, row.model, str(row.calls), _tokens(row), dollars(row.cost_nano))
            for row in spent.rows
        ]
        yield from table(("DAY", "SPECIALIST", "FOR", "MODEL", "CALLS", "TOKENS", "COST"), rows)


def _tokens(row: Spent) -> str:
    """`1200 in, 300 out`."""
    return f"{row.tokens_in} in, {row.tokens_out} out"
