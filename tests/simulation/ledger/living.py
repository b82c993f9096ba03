"""Live one season, in a folder of its own."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.simulation.ledger.season import Season
from tests.simulation.loop import SimulatedLoop, run

__all__ = ["live"]


def live(seed: int, place: Path) -> Season:
    """The season of that seed, lived to its end. What was left of the one before it is gone."""
    folder = place / "season"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    season = Season(seed, SimulatedLoop(seed), folder)
    with season.around():
        run(season.loop, season.live())
    return season
