"""Live the weeks of some seeds again: `python -m tests.simulation 17 254`. Prints each one's trace."""

from __future__ import annotations

import sys

from tests.simulation.invariants.every import check_week
from tests.simulation.living import a_place, live, trace_of

if __name__ == "__main__":
    with a_place() as place:
        for seed in map(int, sys.argv[1:]):
            week = live(seed, place)
            sys.stdout.write(f"{seed} {trace_of(week)} {dict(check_week(week))}\n")
