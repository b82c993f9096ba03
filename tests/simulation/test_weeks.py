"""Random weeks: nothing is lost, done twice or stuck. What is checked stands in `invariants`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from tests.simulation.invariants.every import check_week
from tests.simulation.living import trace_of
from tests.simulation.loop import Deadlock
from tests.simulation.week import Week
from tests.simulation.zones import changes

LiveWeek = Callable[[int], Week]
RecordCases = Callable[[str, int], None]

ROOT = Path(__file__).parents[2]
SLICE, PART, EVERY, SHARES = 40, 10, 2_000, 20
LEAST = {"slots": 10, "runs": 4, "items": 5, "effects": 3, "calls": 8, "lives": 2, "faults": 5}
"""What a week has of each at least, on the average: fewer would prove little."""


def live_all(live_week: LiveWeek, seeds: Iterable[int]) -> tuple[Counter[str], set[str]]:
    """Live and check these weeks; what there was to look at, and the zones whose clocks were changed meanwhile."""
    looked_at: Counter[str] = Counter()
    zones: set[str] = set()
    for seed in seeds:
        try:
            week = live_week(seed)
            found = check_week(week)
        except (Exception, Deadlock) as error:
            again = f"seed {seed}: {error}; to live it again: python -m tests.simulation {seed}"
            raise AssertionError(again) from error
        looked_at += found
        zones |= {week.change.zone} if found["zones"] else set()
    return looked_at, zones


def check_that_much_happened(looked_at: Counter[str], weeks: int) -> None:
    missing = {kind: looked_at[kind] for kind, least in LEAST.items() if looked_at[kind] < least * weeks}
    assert not missing, f"{weeks} weeks had too little of {missing}"


@pytest.mark.parametrize("first", range(0, SLICE, PART))
def test_in_a_random_week_nothing_is_lost_stuck_or_done_twice(
    live_week: LiveWeek, record_cases: RecordCases, first: int
) -> None:
    looked_at, zones = live_all(live_week, range(first, first + PART))
    check_that_much_happened(looked_at, PART)
    record_cases("simulated weeks", PART)
    record_cases("zones", len(zones))


@pytest.mark.exhaustive
@pytest.mark.timeout(1_200)
@pytest.mark.parametrize("share", range(SHARES))
def test_in_two_thousand_weeks_and_every_zone_nothing_is_lost_stuck_or_done_twice(
    live_week: LiveWeek, record_cases: RecordCases, share: int
) -> None:
    """Each share has some of the zones, and all weeks of these."""
    every = [each[0].zone for each in changes()]
    seeds = [seed for seed in range(EVERY) if seed % len(every) % SHARES == share]
    looked_at, zones = live_all(live_week, seeds)
    check_that_much_happened(looked_at, len(seeds))
    assert zones == set(every[share::SHARES])
    record_cases("simulated weeks", len(seeds))
    record_cases("zones", len(zones))


def test_a_week_is_the_same_when_it_is_lived_again(live_week: LiveWeek) -> None:
    assert trace_of(live_week(3)) == trace_of(live_week(3))


def test_another_seed_is_another_week(live_week: LiveWeek) -> None:
    assert len({trace_of(live_week(seed)) for seed in range(4)}) == 4


def test_a_seed_is_lived_again_in_another_process(live_week: LiveWeek, tmp_path: Path) -> None:
    """Where nothing hangs on addresses or on the order of sets: another process hashes names in its own way."""
    home = {**os.environ, "XDG_CONFIG_HOME": str(tmp_path), "PYTHONHASHSEED": "1"}
    command = [sys.executable, "-m", "tests.simulation", "7"]
    told = subprocess.run(command, cwd=ROOT, env=home, check=True, capture_output=True, text=True, timeout=100)
    assert told.stdout.split()[1] == trace_of(live_week(7))
