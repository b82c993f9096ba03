"""`platos always`: the answers of people at gates that stand; one is taken back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._change import change, person
from platos.cli._context import load, number_of, run_async, show
from platos.cli.output import Line, one_line, table
from platos.core.instant import Instant, iso
from platos.errors import NotFound, UsageError
from platos.store import always, read_store
from platos.store.always import AlwaysRow

__all__ = ["always_command"]


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """An answer: whose tool, which calls, given at which gate by whom, when and until when. `state` is `stands`,
    `expired` or `taken back`, and then `why` says why."""

    always: str
    specialist: str
    tool: str
    where: str
    state: str
    gate: str
    by: str
    since: str
    expires: str
    ended: str
    why: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """Answers, oldest first."""

    always: tuple[Stands, ...]


def always_command(
    ctx: typer.Context,
    revoke: Annotated[
        str, typer.Option("--revoke", metavar="NAME", help="Take this one back, as in y1.", show_default=False)
    ] = "",
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="Why, for the journal and for who sees it.")] = "",
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
) -> None:
    """List the answers of people that stand, or take one back.

    platos approve g3 --always TERM gives one: calls that its terms cover ask no more until it expires. What policy
    denies, what a review trigger asks about and what a critic rejected it does not let pass; and where the tool's
    contract changes, it is void.

    Example: platos always --revoke y1
    """
    if why and not revoke:
        raise UsageError("nothing says what to take back", expected="--revoke NAME beside --why")
    number = number_of(revoke, "y", "standing answer") if revoke else None
    found = run_async(_list, load(ctx), every) if number is None else run_async(_revoke, load(ctx), number, why)
    show(ctx, found, _render)


async def _list(app: App, every: bool) -> Listing:
    try:
        async with read_store(app.workspace.state) as store:
            rows = await always.every(store)
    except NotFound:
        return Listing(always=())
    now = app.clock.now()
    return _told([row for row in rows if every or row.stands(now)], now)


async def _revoke(app: App, number: int, why: str) -> Listing:
    await change(app, "take_back", {"always": number, "by": person(), "why": why}, typed="always --revoke")
    async with read_store(app.workspace.state) as store:
        return _told([row for row in await always.every(store) if row.number == number], app.clock.now())


def _told(rows: Sequence[AlwaysRow], now: Instant) -> Listing:
    return Listing(
        always=tuple(
            Stands(
                always=row.name,
                specialist=row.specialist,
                tool=row.tool,
                where=str(row.where),
                state=_state(row, now),
                gate=f"g{row.gate}",
                by=row.by,
                since=iso(row.since),
                expires=iso(row.expires),
                ended=iso(row.ended),
                why=row.why,
            )
            for row in rows
        )
    )


def _state(row: AlwaysRow, now: Instant) -> str:
    return "stands" if row.stands(now) else "expired" if row.ended is None else "taken back"


def _render(found: Listing) -> Iterator[Line]:
    if not found.always:
        yield "No answer stands: platos approve GATE --always TERM gives one."
        return
    rows = [
        (each.always, each.state, each.specialist, each.tool, one_line(each.where), each.by, each.expires)
        for each in found.always
    ]
    yield from table(("ALWAYS", "STATE", "SPECIALIST", "TOOL", "CALLS", "BY", "UNTIL"), rows)
