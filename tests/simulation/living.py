"""Live one week, in a folder of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.simulation.loop import SimulatedLoop, run
from tests.simulation.record import Record
from tests.simulation.week import Week

__all__ = ["a_place", "live", "trace_of"]

_IN_MEMORY = Path("/dev/shm")
"""A disk that syncs takes most of the time of a week, and its faults are simulated."""


@contextmanager
def a_place() -> Iterator[Path]:
    """A folder for weeks, in memory where the machine has such a place."""
    place = Path(tempfile.mkdtemp(prefix="w-", dir=_IN_MEMORY if _IN_MEMORY.is_dir() else None))
    try:
        yield place
    finally:
        shutil.rmtree(place)


def live(seed: int, place: Path) -> Week:
    """The week of that seed, lived to its end. What was left of the one before it is gone."""
    folder = place / "week"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    week = Week(seed, SimulatedLoop(seed), folder)
    with week.around():
        run(week.loop, week.live())
    return week


def trace_of(week: Week) -> str:
    """A digest of every wake-up of a task, and of every entry of the journal, wherever the folder lay."""
    folder = bytes(week.site.app.workspace.root)
    for entry in sorted(Record(week.state).rows("journal"), key=lambda row: int(row["seq"])):
        week.loop.note(entry["body"].replace(folder, b""))
    return week.loop.trace
