"""The demo, run as a person runs it; what it says is held against the store that it leaves behind."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import anyio.to_thread
import msgspec
import pytest

from platos.cli._demo_crash import crash_and_go_on
from platos.cli._demo_crash_facts import gather, stories
from platos.cli._demo_crash_story import tell
from platos.cli._demo_workspace import SPECIALIST, arrivals, make_crash_workspace
from platos.cli._list_prices import compare
from platos.core.event import StepMoved
from platos.core.item import ItemState
from platos.core.money import rates_for
from platos.core.state import State
from platos.core.step import StepKind
from platos.core.verdict import Decision
from platos.errors import Broken
from platos.models._prices import base_price
from platos.store import accounts, effects, gates, items, journal, read_store, runs, specialists, verdicts
from platos.store.accounts import SpendRow

LINES, COLUMNS = 60, 100
CONTROL = re.compile(r"[^\n\x20-\x7e\u00a0-\uffff]")


class Days(NamedTuple):
    """Two demos in one folder: what the first printed for people, and what it left behind before and after the second,
    which printed for programs."""

    folder: Path
    page: str
    progress: str
    first_left: dict[str, bytes]
    facts: dict[str, Any]

    @property
    def first(self) -> Path:
        return self.folder / "day"


class Crash(NamedTuple):
    """A demo of a crash."""

    root: Path
    progress: str
    facts: dict[str, Any]


def platos(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("PLATOS_") and name != "UV"}
    environ = {**mine, "XDG_CONFIG_HOME": str(folder / "xdg"), "FORCE_COLOR": "1"}
    command = [sys.executable, "-m", "platos", *arguments]
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)


def demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = platos(folder, "demo", *arguments)
    assert done.returncode == 0, done.stderr
    return done


def contents(root: Path) -> dict[str, bytes]:
    """Every file that people look at."""
    files = (path for path in root.rglob("*") if path.is_file() and ".platos" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A short path: a control socket is looked for below it."""
    made = Path(tempfile.mkdtemp(prefix="pd"))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def days(folder: Path) -> Days:
    told = demo(folder, "day")
    left = contents(folder / "day")
    facts = json.loads(demo(folder, "day", "--json").stdout)
    return Days(folder, told.stdout, told.stderr, left, facts)


@pytest.fixture(scope="module")
def crash(folder: Path) -> Crash:
    done = demo(folder, "crash", "--crash", "--json")
    return Crash(folder / "crash", done.stderr, json.loads(done.stdout))


def test_the_day_has_96_wake_ups_of_which_86_are_quiet(days: Days) -> None:
    assert (days.facts["schema"], days.facts["wakes"], days.facts["quiet_wakes"]) == (1, 96, 86)


def test_everything_that_arrives_is_dismissed_or_a_signal(days: Days) -> None:
    assert days.facts["items"] == len(arrivals()) == sum(days.facts["dismissed"].values()) + days.facts["signals"]
    assert days.facts["dismissed"] == {"rules": 6, "model": 3}


async def test_the_facts_of_a_day_are_those_in_its_store(days: Days) -> None:
    async with read_store(Path(days.facts["workspace"]) / ".platos") as store:
        row = await specialists.find(store, SPECIALIST)
        [run] = await runs.latest(store, 10)
        about = [item.name for item in await items.of_run(store, run.id)]
        dismissed = [each async for each in items.every(store, SPECIALIST) if each.state is ItemState.DISMISSED]
        last = [(await verdicts.of_item(store, item.number))[-1] for item in dismissed]
        waiting = [gate.name for gate in await gates.open_gates(store)]
        spent = sum(row.charged for row in await accounts.spend(store, 0))
    assert (days.facts["wakes"], days.facts["quiet_wakes"]) == (row.wakes, row.quiet)
    assert [(each["run"], each["state"], each["items"]) for each in days.facts["runs"]] == [
        (run.name, run.state, about)
    ]
    assert days.facts["dismissed"] == Counter(tier for tier, verdict, _ in last if verdict.decision is Decision.DISMISS)
    assert (days.facts["waiting"], days.facts["usd"]) == (waiting, spent)


async def test_every_demo_comes_to_the_same_day(days: Days) -> None:
    found = []
    for root in (days.first, Path(days.facts["workspace"])):
        async with read_store(root / ".platos") as store:
            row = await specialists.find(store, SPECIALIST)
            [gate] = await gates.open_gates(store)
            seen = await store.all("SELECT number, id, digest, state, seen, run FROM items ORDER BY number")
            found.append((row.wakes, row.quiet, seen, gate.request.arguments))
    assert found[0] == found[1]


async def test_no_model_was_asked_in_a_quiet_wake_up(days: Days) -> None:
    async with read_store(days.first / ".platos") as store:
        asked = {made for [made] in await store.all("SELECT made FROM reservations")}
        busy = {seen for [seen] in await store.all("SELECT seen FROM items")}
    assert asked
    assert asked <= busy
    assert len(busy) == days.facts["wakes"] - days.facts["quiet_wakes"]


def test_a_place_that_cannot_be_written_to_is_named(folder: Path) -> None:
    (folder / "file").write_text("no folder")
    refused = platos(folder, "demo", "file/day")
    assert refused.returncode == 2
    assert "file/day" in refused.stderr


def test_a_second_demo_leaves_the_first_alone(days: Days) -> None:
    assert days.facts["workspace"] == str(days.folder / "day-2")
    assert contents(days.first) == days.first_left


def test_the_page_fits_and_has_no_control_characters(days: Days) -> None:
    lines = days.page.splitlines()
    assert len(lines) <= LINES
    assert max(map(len, lines)) <= COLUMNS
    assert not CONTROL.findall(days.page)


def test_progress_goes_to_stderr(days: Days) -> None:
    assert days.progress.splitlines()[-1] == "96 of 96 wake-ups"
    assert "of 96 wake-ups\n" not in days.page


def test_what_waits_can_be_approved_with_the_command_that_is_printed(days: Days) -> None:
    [line] = [line for line in days.page.splitlines() if " approve " in line]
    program, *arguments = shlex.split(line.partition("  ")[0])
    copy = shutil.copytree(days.first, days.folder / "elsewhere" / "day")
    approved = platos(copy.parent, *arguments)
    assert (program, approved.returncode) == ("platos", 0), approved.stderr
    assert len(list((copy / "outbox").iterdir())) == 1


def test_the_naive_price_is_the_list_price_of_every_wake() -> None:
    price = base_price("claude-opus-4-5")
    assert price is not None
    rates = rates_for(price, 1)
    [naive] = [
        each
        for each in compare([], wakes=10, quiet=8, scope_chars=400, item_chars=800)
        if each.frontier[:6] == "claude"
    ]
    assert naive.every_wake == ((10 * 400 + 800) // 4 * rates.input + (2 * 300 + 8 * 20) * rates.output) // 1_000_000


def test_triage_is_compared_at_the_price_of_a_small_model() -> None:
    row = SpendRow("2026-11-17", SPECIALIST, "triage", "offline", 1, 1000, 0, 0, 0)
    for each in compare([row], wakes=1, quiet=1, scope_chars=0, item_chars=0):
        price = base_price(each.small)
        assert price is not None
        assert each.this_day == 1500 * rates_for(price, 1).input // 1_000_000


def test_the_crash_is_a_real_kill(crash: Crash) -> None:
    assert crash.facts["killed"] == -signal.SIGKILL


def test_no_step_came_to_its_result_twice(crash: Crash) -> None:
    assert [step["successes"] for step in crash.facts["steps"]] == [1] * len(crash.facts["steps"])


async def test_the_steps_of_the_crash_are_those_in_the_journal(crash: Crash) -> None:
    async with read_store(crash.root / ".platos") as store:
        told = await journal.events(store, "r1")
    done = Counter(str(each.key) for each in told if isinstance(each, StepMoved) and each.state is State.SUCCESS)
    assert {step["key"]: step["successes"] for step in crash.facts["steps"]} == done


def test_finished_steps_came_back_from_their_checkpoints(crash: Crash) -> None:
    finished = [step for step in crash.facts["steps"] if step["before"] == "success"]
    assert len(finished) >= 3
    assert {step["after"] for step in finished} <= {"from its checkpoint", "not needed: its node is finished"}


def test_the_call_that_was_cut_off_is_charged_in_full_and_made_again(crash: Crash) -> None:
    [cut] = [step["key"] for step in crash.facts["steps"] if step["after"] == "cut off, done again"]
    assert [call["state"] for call in crash.facts["calls"] if call["step"] == cut] == ["unknown", "answered"]
    charged = [call["usd"] for call in crash.facts["calls"] if call["step"] == cut]
    assert charged[0] > charged[1] > 0


async def test_the_effect_of_the_killed_run_happened_once(crash: Crash) -> None:
    async with read_store(crash.root / ".platos") as store:
        assert len(await effects.of_run(store, 1)) == 1
    written = [path.name for path in (crash.root / "outbox").iterdir()]
    assert crash.facts["outbox"] == written
    assert len(written) == len(crash.facts["receipts"]) == 1
    assert (crash.facts["state"], crash.facts["outcome"]) == ("success", "done")


async def test_the_page_of_the_crash_fits_and_has_no_control_characters(
    crash: Crash, capsys: pytest.CaptureFixture[str]
) -> None:
    async with read_store(crash.root / ".platos") as store:
        crashed = await gather(store, 1, crash.root, -9, 0)
    await anyio.to_thread.run_sync(tell, crashed)
    page = capsys.readouterr().out
    assert len(page.splitlines()) <= LINES
    assert max(map(len, page.splitlines())) <= COLUMNS
    assert not CONTROL.findall(page)


async def test_a_child_that_does_not_do_its_part_is_named_with_what_it_said(folder: Path) -> None:
    root = await anyio.to_thread.run_sync(make_crash_workspace, folder / "broken")
    await anyio.Path(root / "pause.py").write_text("import nothing_of_the_kind\n")
    with pytest.raises(Broken, match="it ended with 3") as raised:
        await crash_and_go_on(root, lambda line: None)
    assert "nothing_of_the_kind" in raised.value.hint


def test_a_step_that_came_to_its_result_twice_would_be_seen() -> None:
    once = StepMoved(
        at=0,
        run=1,
        revision=1,
        path="work/read",
        name="read",
        ordinal=1,
        kind=StepKind.MODEL,
        state=State.SUCCESS,
        input="",
    )
    again = msgspec.structs.replace(once, at=1)
    [story] = stories([once], [again])
    assert story.successes == 2
