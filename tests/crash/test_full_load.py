"""SIGKILL under full load, again and again: a crowd that is due all at once loses no slot, and runs none twice."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import anyio.to_thread
import pytest

from platos.core.event import ItemsArrived
from platos.core.instant import MINUTE, Instant
from platos.store import cursors, journal, occurrences, read_store, specialists
from platos.store.specialists import SpecialistRow
from platos.store.store import ReadStore

from .conftest import RecordCases
from .crowd import MORNING, SPAN, Row, crowd
from .fate import MOMENTS
from .lives import ROOT

SEED = 20261127
SMALL, LARGE = (300, 6), (3_000, 30)
"""How many are due at once, and how often their process is killed."""

CASES, ALL_CASES = 1, 4


class Books(NamedTuple):
    """What the store has of one specialist, and how often it asked its source by a diary outside the store."""

    row: SpecialistRow
    missed: tuple[occurrences.OccurrenceRow, ...]
    arrived: tuple[Instant, ...]
    kept: int
    polls: int

    def check(self, its: Row, end: Instant, kills: int) -> None:
        """Raises AssertionError where a slot was lost, or ran twice."""
        gone = {slot for each in self.missed for slot in range(each.slot, each.last + 1, MINUTE)}
        ran = [slot for slot in range(MORNING + MINUTE, end, MINUTE) if slot not in gone]
        assert self.row.reached == end - MINUTE, "it did not come to the last slot"
        assert its["catch_up"] == "latest" or not gone, "a slot was given up that had to run"
        assert self.row.wakes == len(ran), f"{len(ran)} slots had to run, {self.row.wakes} did"
        if its["who"] == its["name"]:
            # slots that are caught up with had all come when an answer was asked for: one is enough for them
            fewest = self.row.wakes if its["catch_up"] == "latest" else 1
            assert fewest <= self.polls <= self.row.wakes + kills, f"{self.row.wakes} wake-ups, {self.polls} polls"
        if its["loud"] == "true":
            assert self.kept == self.row.wakes, f"{self.kept} answers were kept in {self.row.wakes} wake-ups"
            assert list(self.arrived) == ran, "what arrived is not of each slot once"


def moments(count: int, kills: int, seed: int) -> list[str]:
    """When each life is killed: somewhere in the first two minutes. Every loud one has a transaction for each slot."""
    chance = random.Random(seed)
    last = {"poll": count} | dict.fromkeys(MOMENTS, 2 * (count // 3))
    return [f"{when}:{chance.randint(1, last[when])}" for when in chance.choices(list(last), k=kills)]


def lives(workspace: Path, count: int, killed: list[str], *options: str) -> None:
    """Let the crowd live, killed at these moments and at last not."""
    command = [sys.executable, "-m", "tests.crash.crowd", str(workspace), str(count), *killed, *options]
    lived = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert lived.returncode == 0, lived.stderr
    assert json.loads(lived.stdout) == [0, *[-9] * len(killed), 0], lived.stderr


async def loses_nothing(workspace: Path, count: int, killed: list[str], *options: str) -> None:
    await anyio.to_thread.run_sync(lives, workspace, count, killed, *options)
    diary = await anyio.Path(workspace / "diary").read_text()
    polls = Counter(line.split()[0] for line in diary.splitlines())
    async with read_store(workspace / ".platos") as store:
        for its in crowd(count):
            books = await _books(store, its, polls[its["who"]])
            try:
                books.check(its, MORNING + (len(killed) + 1) * SPAN, len(killed))
            except AssertionError as error:
                error.add_note(f"{its} of {count}, killed {', '.join(killed)}")
                raise


async def _books(store: ReadStore, its: Row, polls: int) -> Books:
    name = its["name"]
    rows = await occurrences.of_specialist(store, name)
    events = await journal.events(store, journal.specialist_chain(name)) if its["loud"] == "true" else []
    read = await cursors.of(store, name)
    return Books(
        row=await specialists.find(store, name),
        missed=tuple(each for each in rows if each.outcome in occurrences.MISSED),
        arrived=tuple(event.slot for event in events if isinstance(event, ItemsArrived)),
        kept=int(read["noted"].position or b"0"),
        polls=polls,
    )


@pytest.mark.timeout(1_800)
@pytest.mark.parametrize(
    ("size", "cases"), [(SMALL, CASES), pytest.param(LARGE, ALL_CASES, marks=pytest.mark.exhaustive)]
)
async def test_killed_again_and_again_while_all_are_due_no_slot_is_lost_and_none_runs_twice(
    tmp_path: Path, record_cases: RecordCases, size: tuple[int, int], cases: int
) -> None:
    count, kills = size
    for case in range(cases):
        await loses_nothing(tmp_path / f"w{case}", count, moments(count, kills, SEED + case))
        record_cases("kills under full load", kills)


async def test_a_slot_that_is_claimed_before_its_sources_are_asked_is_noticed(tmp_path: Path) -> None:
    """Planted: who dies between the two has lost it."""
    with pytest.raises(AssertionError, match="slots had to run"):
        await loses_nothing(tmp_path / "w", 30, ["after:_move_on#7"], "--plant", "claim before")


async def test_a_slot_that_is_claimed_after_what_came_of_it_is_kept_is_noticed(tmp_path: Path) -> None:
    """Planted: who dies between the two runs it twice."""
    with pytest.raises(AssertionError, match="answers were kept in"):
        await loses_nothing(tmp_path / "w", 30, ["before:_claim#7"], "--plant", "claim after")
