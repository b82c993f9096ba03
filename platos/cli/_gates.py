"""Gates as a person names them who does not name each: by a filter over those that are open."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import typer

from platos.store import ReadStore, gates
from platos.store.gates import GateRow

__all__ = ["Filter", "OfSpecialist", "OfTier", "OfTool", "open_gates"]

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
