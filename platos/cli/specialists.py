"""`platos specialists`: all that there are, a page at a time. It reads and never takes the lock."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._context import load, run_async, show
from platos.cli.output import Line, table
from platos.config.template import decode_template
from platos.core.instant import iso
from platos.errors import NotFound
from platos.store import ReadStore, journal, read_store, specialists
from platos.store.specialists import SpecialistRow

__all__ = ["specialists_command"]


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A specialist in a list. `template` and `parameters` are empty where it has a file of its own; `next` is its next
    slot, and `problem` why its file or its template is not in force as it stands."""

    specialist: str
    template: str
    parameters: dict[str, str]
    next: str
    wakes: int
    quiet: int
    problem: str


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Some specialists, by name. `after` is what the next page is asked for with, empty where there is none."""

    specialists: tuple[Listed, ...]
    after: str


def specialists_command(
    ctx: typer.Context,
    after: Annotated[str, typer.Option("--after", metavar="NAME", help="Those whose names come behind this one.")] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many at most.")] = 100,
) -> None:
    """List the specialists, a page at a time.

    Example: platos specialists --after acme-berlin --limit 20
    """
    show(ctx, run_async(_page, load(ctx), after, limit), _render)


async def _page(app: App, after: str, limit: int) -> Page:
    names = [name for name in await app.offload(app.definitions.names) if name > after]
    new = [Listed(specialist=name, template="", parameters={}, next="", wakes=0, quiet=0, problem="") for name in names]
    try:
        async with read_store(app.workspace.state) as store:
            rows = await specialists.page(store, after, limit + 1)
            known = [await _listed(store, row) for row in rows if row.present]
    except NotFound:
        known = []
    # a file that no process has looked at yet has no row
    every = {each.specialist: each for each in (*new, *known)}
    found = [every[name] for name in sorted(every)]
    return Page(specialists=tuple(found[:limit]), after=found[limit - 1].specialist if len(found) > limit else "")


async def _listed(store: ReadStore, row: SpecialistRow) -> Listed:
    template, parameters = "", {}
    if row.parameters is not None:
        made_of = decode_template(await journal.get_payload(store, row.definition))
        values = msgspec.json.decode(row.parameters, type=tuple[str, ...])
        template, parameters = made_of.name, dict(zip(made_of.parameters, values, strict=True))
    return Listed(
        specialist=row.name,
        template=template,
        parameters=parameters,
        next=iso(row.due),
        wakes=row.wakes,
        quiet=row.quiet,
        problem=row.problem,
    )


def _render(page: Page) -> Iterator[Line]:
    if not page.specialists:
        yield "There is no specialist. platos new NAME adds one, and platos add many."
        return
    rows = [
        (each.specialist, each.template, each.next, str(each.wakes), str(each.quiet), each.problem.split("\n")[0])
        for each in page.specialists
    ]
    yield from table(("SPECIALIST", "TEMPLATE", "NEXT", "WAKES", "QUIET", "PROBLEM"), rows)
    if page.after:
        yield f"more: platos specialists --after {page.after}"
