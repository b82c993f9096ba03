"""`platos next`: when a specialist wakes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._context import load, run_async, show
from platos.cli.output import Line, bold
from platos.core.instant import Instant, iso, local, span_text

__all__ = ["next_fires"]

_COUNT = 10


class Fire(msgspec.Struct, frozen=True, kw_only=True):
    """A slot: the instant, the same on a clock in the schedule's zone, and how long it is until then."""

    at: str
    local: str
    after: str


class Fires(msgspec.Struct, frozen=True, kw_only=True):
    """The next slots of a schedule, and the schedule in words."""

    specialist: str
    schedule: str
    cron: str
    zone: str
    fires: tuple[Fire, ...]


def next_fires(
    ctx: typer.Context, name: Annotated[str, typer.Argument(metavar="NAME", help="The specialist.", show_default=False)]
) -> None:
    """List the next ten times at which a specialist wakes.

    Example: platos next advisories
    """
    show(ctx, run_async(_fires, load(ctx), name), _render)


async def _fires(app: App, name: str) -> Fires:
    schedule = (await app.offload(app.definitions.load, name)).schedule
    now = app.clock.now()
    slots = schedule.slots(now, _COUNT)
    return Fires(
        specialist=name,
        schedule=schedule.words(),
        cron=schedule.cron,
        zone=schedule.zone,
        fires=tuple(_fire(slot, now, schedule.zone) for slot in slots),
    )


def _fire(slot: Instant, now: Instant, zone: str) -> Fire:
    return Fire(at=iso(slot), local=local(slot, zone), after=span_text(slot - now))


def _render(found: Fires) -> Iterator[Line]:
    yield bold(f"{found.specialist}: {found.schedule}")
    for fire in found.fires:
        yield f"  {fire.local}  in {fire.after}"
