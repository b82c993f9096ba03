"""`platos explain`: of every slot of a specialist, what happened and why. It reads and never takes the lock."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from platos.app import App
from platos.cli._context import load, run_async, show
from platos.cli._explain_text import ExplanationTold, ItemTold, SlotTold, render_explanation
from platos.core.instant import SECOND, iso, local, parse_instant
from platos.core.item import StoredItem
from platos.errors import NotFound
from platos.runtime.explain import Explanation, Told, explain, explain_at, not_yet_known, zone_of
from platos.store import read_store
from platos.store.journal import run_chain

__all__ = ["explain_slots"]

_AHEAD = 3
_CUT = SECOND // 1000 - 1
"""Times are told to the millisecond: who asks for one that was told means that too which was cut off."""


def explain_slots(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The specialist.", show_default=False)],
    at: Annotated[
        str,
        typer.Option(
            "--at",
            metavar="TS",
            help="The slot at this time, or the last before it; in the schedule's zone.",
        ),
    ] = "",
    count: Annotated[int, typer.Option("--count", min=1, max=1_000, help="How many past slots.")] = 10,
) -> None:
    """Say of every slot of a specialist what happened, and why.

    It ran and these items came, it was quiet, nobody ran it, it is to come. What is not known is said to be not known.

    Example: platos explain advisories --at 2026-11-21T09:30
    """
    show(ctx, run_async(_explain, load(ctx), name, at, count), render_explanation)


async def _explain(app: App, name: str, at: str, count: int) -> ExplanationTold:
    try:
        return _told(name, await _read(app, name, at, count), detailed=bool(at))
    except NotFound:
        schedule = (await app.offload(app.definitions.load, name)).schedule
        return _told(name, not_yet_known(schedule, app.clock.now(), ahead=_AHEAD), detailed=False)


async def _read(app: App, name: str, at: str, count: int) -> Explanation:
    """Raises NotFound where no process has looked after the specialist yet."""
    async with read_store(app.workspace.state) as store:
        zone, now = await zone_of(store, name), app.clock.now()
        if at:
            return await explain_at(store, name, now, parse_instant(at, zone) + _CUT)
        return await explain(store, name, now, count=count, ahead=_AHEAD)


def _told(name: str, found: Explanation, *, detailed: bool) -> ExplanationTold:
    zone = found.schedule.zone
    return ExplanationTold(
        specialist=name,
        schedule=found.schedule.words(),
        zone=zone,
        detailed=detailed,
        slots=tuple(_slot(each, zone) for each in found.slots),
        ahead=tuple(_slot(each, zone) for each in found.ahead),
    )


def _slot(told: Told, zone: str) -> SlotTold:
    answer, row = told.answer, told.answer.row
    return SlotTold(
        at=iso(answer.slot),
        local=local(answer.slot, zone),
        fate=answer.fate,
        why=answer.why,
        around=answer.around,
        started=iso(row.started if row else None),
        ended=iso(row.ended if row else None),
        items=tuple(map(_item, told.items)),
        triage=dict(sorted(Counter(item.state for item in told.items).items())),
        runs=tuple(sorted({run_chain(item.run) for item in told.items if item.run is not None})),
    )


def _item(item: StoredItem) -> ItemTold:
    run = run_chain(item.run) if item.run is not None else ""
    title = item.item.title or item.item.id
    return ItemTold(item=item.name, source=item.source, title=title, state=item.state, run=run)
