"""What asks no more, or has earned that it need not: in a line each, for commands that tell other things too."""

from __future__ import annotations

from platos.store import ReadStore, autopilots
from platos.store.autopilots import AutopilotState

__all__ = ["autopilot_lines"]


async def autopilot_lines(store: ReadStore, specialist: str) -> tuple[str, ...]:
    """The autopilots of a specialist that are on, and those that are proposed, with the way on."""
    found = await autopilots.standing(store, specialist)
    said = [
        f"{row.name} on: {row.tool} with {row.where} asks no more, but for audits"
        for row in found
        if row.state is AutopilotState.ON
    ]
    offered = [row for row in found if row.state is AutopilotState.PROPOSED]
    said += [f"{row.name} proposed: {row.tool} with {row.where} has earned it; platos trust" for row in offered]
    return tuple(said)
