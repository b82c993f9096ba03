"""Gates as a person names them: by their names, or by a filter over those that are open."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from platos.cli._context import number_of
from platos.errors import NotFound, UsageError
from platos.store import ReadStore, gates, read_store, runs
from platos.store.gates import GateRow

if TYPE_CHECKING:
    from platos.app import App

__all__ = ["Filter", "OfSpecialist", "OfTier", "OfTool", "find_gates", "open_gates"]

OfSpecialist = Annotated[str, typer.Option("--specialist", metavar="NAME", help="Only what this specialist asks.")]
OfTool = Annotated[str, typer.Option("--tool", metavar="NAME", help="Only calls of this tool.")]
OfTier = Annotated[int | None, typer.Option("--tier", min=0, max=2, help="Only of this risk tier.")]


class Filter(NamedTuple):
    """Which of the open gates; all of them where nothing is said."""

    specialist: str = ""
    tool: str = ""
    tier: int | None = None

    def __bool__(self) -> bool:
        return bool(self.specialist or self.tool or self.tier is not None)


async def open_gates(store: ReadStore, which: Filter, most: int | None = None) -> list[tuple[str, GateRow]]:
    """The open gates that a filter holds, the first to expire before the rest, each with its specialist."""
    return await gates.asked(store, **which._asdict(), most=most)


async def find_gates(app: App, names: Sequence[str], which: Filter, *, every: bool) -> list[tuple[str, GateRow]]:
    """The gates of these names, or the open ones that a filter holds, each with its specialist.

    Raises UsageError where both or neither are said, or a name is none, and NotFound.
    """
    if bool(names) == (every or bool(which)):
        what = "gates by name, and others by a filter" if names else "nothing says which gate"
        raise UsageError(what, expected="gates, as in g3 g4; or --all, --specialist, --tool, --tier")
    numbers = [number_of(name, "g", "gate") for name in names]
    async with read_store(app.workspace.state) as store:
        if numbers:
            named = [await gates.find(store, number) for number in numbers]
            return [((await runs.find(store, gate.run)).specialist, gate) for gate in named]
        found = await open_gates(store, which)
    if not found:
        raise NotFound("no gate is open there", hint="platos inbox shows what is open")
    return found
