"""Specialists of every kind, as their files say."""

from __future__ import annotations

import json
from typing import Any

from tests.simulation.world import World

__all__ = ["BROKEN", "TOOLS", "changed", "drawn", "rescheduled", "text_of"]

CRONS = (
    "0 */4 * * *",
    "30 2 * * *",
    "*/30 2 * * *",
    "0,45 1-3 * * *",
    "15 0,12 * * *",
    "0 8 * * 1-5",
    "10 */8 * * *",
    "0 0,6 * * 0",
)
TOOLS = ("ticket", "page", "mail")
"""Keyed, probed and once."""

BROKEN = ("---\nowner: [\n---\n", "---\nowner: ana\nshedule: daily\n---\n\nA slip of the pen.\n", "No front matter.\n")

_JITTERS = ("0s", "0s", "90s", "14m")
"""Each is shorter than the distance of any two slots."""

_TRIAGE = {"signal": [{"words": ["advisory"]}], "dismiss": [{"words": ["newsletter"]}], "otherwise": "up"}
_BUDGETS: tuple[dict[str, Any], ...] = ({}, {}, {"run": 0.02}, {"day": 0.05}, {"triage_day": 0.004}, {"day": 0})


def drawn(world: World, zone: str, sources: list[str]) -> dict[str, Any]:
    """A specialist of that zone, over these sources."""
    tools = [tool for tool in TOOLS if world.coin()]
    return {
        "owner": "ana",
        "schedule": _schedule(world, zone),
        "jitter": world.pick(_JITTERS),
        "sources": sources,
        "triage": [{"rules": _TRIAGE}, "model"] if world.coin() else [{"rules": _TRIAGE}],
        "planner": "shapes",
        "models": {"small": "oracle", "frontier": "oracle"},
        "tools": tools,
        "policy": {tool: world.pick((0, 0, 2)) for tool in tools},
        "budget": world.pick(_BUDGETS),
        "overlap": world.pick(("queue", "merge", "parallel")),
        "approval_expires": world.pick(("3h", "2d")),
        "done_when": [{"receipt": tools[0]}] if tools and world.coin() else [],
    }


def changed(world: World, before: dict[str, Any]) -> dict[str, Any]:
    """The same specialist after an edit."""
    edits: tuple[dict[str, Any], ...] = (
        rescheduled(world, before),
        {"jitter": world.pick(_JITTERS)},
        {"policy": {tool: world.pick((0, 2)) for tool in before["tools"]}},
        {"budget": world.pick(_BUDGETS)},
        {"overlap": world.pick(("queue", "merge", "parallel"))},
    )
    return {**before, **world.pick(edits)}


def rescheduled(world: World, before: dict[str, Any]) -> dict[str, Any]:
    """The same specialist, to wake at other times of its zone."""
    return {**before, "schedule": _schedule(world, before["schedule"]["zone"])}


def text_of(described: dict[str, Any]) -> str:
    """The file. JSON is YAML."""
    return f"---\n{json.dumps(described)}\n---\n\nReport every advisory that asks for action.\n"


def _schedule(world: World, zone: str) -> dict[str, Any]:
    catch_up = world.pick(("latest", "latest", "all", "none"))
    return {"cron": world.pick(CRONS), "zone": zone, "catch_up": catch_up, "grace": world.pick(("20m", "5h", "1d"))}
