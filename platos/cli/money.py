"""`platos spend`: what was spent, on what; what the month will come to; how the accounts stand."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._context import load, run_async, show
from platos.cli._measures import paying
from platos.cli._spend_text import render_spend
from platos.cli._spent import COLUMNS, ModelSpent, Spend, Spent
from platos.core.budget import day_start, month
from platos.core.instant import Instant
from platos.core.money import Nano
from platos.errors import NotFound, UsageError
from platos.runtime.measures.accounts import read_accounts, read_frozen
from platos.runtime.measures.forecast import Forecast, read_forecast
from platos.store import ReadStore, accounts, read_store
from platos.store.accounts import SpendRow

__all__ = ["spend"]

_LONGEST = 3_660


def spend(
    ctx: typer.Context,
    days: Annotated[int, typer.Option("--days", help="How many days, today included.", min=1, max=_LONGEST)] = 7,
    by: Annotated[str, typer.Option("--by", metavar="COLUMNS", help="What to add up by.")] = ",".join(COLUMNS),
) -> None:
    """Show what was spent, on what, with a forecast for the month and how the accounts stand.

    Days are those of the workspace's zone. Add up by any of day, specialist, tier and model.

    Example: platos spend --days 30 --by specialist,model
    """
    columns = _columns(by)
    show(ctx, run_async(_spend, load(ctx), days, columns), render_spend)


def _columns(by: str) -> tuple[str, ...]:
    """The columns that were asked for, each once. Raises UsageError."""
    named = tuple(dict.fromkeys(word.strip() for word in by.split(",")))
    unknown = [name for name in named if name not in COLUMNS]
    if unknown:
        raise UsageError(
            f"spending is not added up by {unknown[0]!r}",
            expected=f"some of {', '.join(COLUMNS)}, with commas between them",
            hint="for example: platos spend --by day,specialist",
        )
    return named


async def _spend(app: App, days: int, by: tuple[str, ...]) -> Spend:
    settings = app.settings.settings
    found = _nothing(days, settings.zone, by, app.clock.now(), settings.budget.month.usd)
    try:
        async with read_store(app.workspace.state) as store:
            return await _read(app, store, found)
    except NotFound:
        return found


def _nothing(days: int, zone: str, by: tuple[str, ...], now: Instant, cap: Nano | None) -> Spend:
    """What there is before anything has run."""
    forecast = Forecast(month=month(now, zone), spent_nano=0, days=0, nano=None, cap_nano=cap)
    return Spend(
        days=days, zone=zone, by=by, total=Spent(), rows=(), models=(), forecast=forecast, accounts=(), frozen=()
    )


async def _read(app: App, store: ReadStore, of: Spend) -> Spend:
    now = app.clock.now()
    rows = await accounts.spend(store, day_start(now, of.zone, of.days - 1), of.zone)
    return msgspec.structs.replace(
        of,
        total=_sum(rows),
        rows=tuple(_sums(rows, of.by)),
        models=tuple(map(_of_model, _sums(rows, ("model",)))),
        forecast=await read_forecast(store, now, of.zone, of.forecast.cap_nano),
        accounts=await read_accounts(store, await paying(app)),
        frozen=await read_frozen(store),
    )


def _sums(rows: Iterable[SpendRow], by: Sequence[str]) -> Iterable[Spent]:
    """The rows added up by some of their columns, in the order of these."""
    groups: dict[tuple[str, ...], list[SpendRow]] = {}
    for row in rows:
        groups.setdefault(tuple(getattr(row, name) for name in by), []).append(row)
    return (msgspec.structs.replace(_sum(groups[key]), **dict(zip(by, key, strict=True))) for key in sorted(groups))


def _sum(rows: Sequence[SpendRow]) -> Spent:
    return Spent(
        calls=sum(row.calls for row in rows),
        tokens_in=sum(row.tokens_in for row in rows),
        cached=sum(row.cached for row in rows),
        tokens_out=sum(row.tokens_out for row in rows),
        cost_nano=sum(row.charged for row in rows),
    )


def _of_model(sums: Spent) -> ModelSpent:
    return ModelSpent(model=sums.model, cached_share=sums.cached_share)
