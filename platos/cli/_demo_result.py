"""The day of the demo for programs: one object."""

from __future__ import annotations

from typing import Any

import msgspec

from platos.cli._demo_facts import Day, RunStory
from platos.core.money import NANO

__all__ = ["DayResult", "as_result"]


class DayResult(msgspec.Struct, frozen=True, kw_only=True):
    """The day for programs. `naive` is each frontier model's price in USD for all wakes, `mixed` that of this day."""

    workspace: str
    wakes: int
    quiet_wakes: int
    items: int
    dismissed: dict[str, int]
    signals: int
    runs: list[dict[str, Any]]
    waiting: list[str]
    usd: float
    naive: dict[str, float]
    mixed: dict[str, float]


def as_result(day: Day) -> DayResult:
    """The facts alone."""
    return DayResult(
        workspace=str(day.root),
        wakes=day.wakes,
        quiet_wakes=day.quiet,
        items=len(day.arrived),
        dismissed={rung.tier: rung.dismissed for rung in day.rungs},
        signals=sum(each.is_signal for each in day.arrived),
        runs=[_run_object(run) for run in day.runs],
        waiting=[gate.name for gate in day.gates],
        usd=day.spent / NANO,
        naive={each.frontier: each.every_wake / NANO for each in day.compared},
        mixed={each.frontier: each.this_day / NANO for each in day.compared},
    )


def _run_object(run: RunStory) -> dict[str, Any]:
    about = [item.name for item in run.about]
    return {"run": run.row.name, "state": run.row.state, "items": about, "plan": run.shape.splitlines()}
