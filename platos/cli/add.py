"""`platos add`: many specialists of one template, one for each row of a table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from platos.app import App
from platos.cli._change import change, person
from platos.cli._context import load, run_async, show
from platos.cli.output import Line
from platos.config.params import ParameterRow, read_params
from platos.config.specialist import check_name
from platos.config.template import Template, read_template
from platos.core.mistake import did_you_mean
from platos.errors import NotFound, UsageError

__all__ = ["add"]


_MANY = 1_000
"""So many are better spread than woken in one second."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """How many specialists a template makes now: new ones, changed ones, and those of which nothing changed. `spread`
    tells whether they wake spread over a window."""

    template: str
    spread: bool
    added: int
    changed: int
    unchanged: int
    by_up: bool


def add(
    ctx: typer.Context,
    template: Annotated[str, typer.Option("--template", metavar="NAME", help="That of templates/NAME.md.")],
    params: Annotated[Path, typer.Option("--params", metavar="FILE", help="A table in CSV, a row for each.")],
) -> None:
    """Make many specialists of one template, one for each row of a table.

    The column name names a specialist; the others fill the places of the template, as in url: "{{url}}". Either all
    rows are taken or none is. The same table once more changes nothing; a row that changed brings its specialist up to
    it, and so does a template that changed.

    Example: platos add --template customers --params customers.csv
    """
    show(ctx, run_async(_add, load(ctx), template, params), _render)


async def _add(app: App, name: str, path: Path) -> Made:
    template, rows = await app.offload(_read, app, name, path)
    arguments = {"template": template.content.decode(), "rows": rows, "by": person()}
    done = await change(app, "add", arguments, typed="add")
    return Made(template=name, spread=template.spreads, by_up=done.by_up, **done.answer)


def _read(app: App, name: str, path: Path) -> tuple[Template, list[ParameterRow]]:
    """The template and the table, checked. Raises NotFound or ConfigurationError."""
    its, folder = app.settings.settings, app.workspace.templates
    file = folder / f"{check_name(name, where='--template')}.md"
    if not file.is_file():
        known = sorted(each.stem for each in folder.glob("*.md"))
        raise NotFound(
            f"there is no template {name!r}",
            where=str(folder),
            expected=f"one of {', '.join(known)}" if known else "a file NAME.md, as specialists have, with places",
            hint=did_you_mean(name, known),
        )
    template = read_template(file, its.defaults)
    rows = read_params(path, template, app.parts, tuple(its.accounts), tuple(its.mcp))
    if not rows:
        raise UsageError("the table has no row", where=str(path), expected="a row for each specialist")
    own = set(app.definitions.names())
    taken = next((row.name for row in rows if row.name in own), None)
    if taken is not None:
        raise UsageError(
            f"there is a specialist {taken!r} already, with a file of its own",
            where=f"{path.name}: column name",
            expected="a name that is not taken",
        )
    return template, rows


def _render(made: Made) -> Iterator[Line]:
    yield f"{made.template}: {made.added:,} added, {made.changed:,} changed, {made.unchanged:,} as they were"
    if made.added >= _MANY and not made.spread:
        yield f"  all wake in the same second: jitter: 10m in templates/{made.template}.md spreads them"
    yield "  next: platos specialists" + ("" if made.by_up else ", and platos up, which wakes them")
