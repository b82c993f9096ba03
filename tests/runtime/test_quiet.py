"""A wake-up that finds nothing costs one UPDATE."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest

from platos.core.instant import DAY, HOUR, MINUTE
from platos.core.item import Item
from platos.store import cursors
from platos.testing.source import ScriptedSource
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

QUIET_DAY = """
import sys, anyio
from pathlib import Path
from typing import Any, cast
from platos.core.instant import DAY
from platos.testing.workspace import SimulatedWorkspace

async def main():
    simulated = SimulatedWorkspace(Path(sys.argv[1]), {"watch": sys.stdin.read()})
    async with simulated.up():
        await simulated.live(DAY)
        row = await simulated.specialist("watch")
        assert (row.wakes, row.quiet) == (96, 96), row

anyio.run(main)
print(*sorted({"litellm", "openai", "watchfiles"} & set(sys.modules)))
"""


@contextmanager
def statements(simulated: SimulatedWorkspace) -> Iterator[list[str]]:
    """The statements that the writer's connection runs in the block, BEGIN and COMMIT aside."""
    seen: list[str] = []
    connection = cast(Any, simulated.store)._writer._committer._connection
    connection.set_trace_callback(seen.append)
    try:
        yield seen
    finally:
        connection.set_trace_callback(None)
        words = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")
        seen[:] = [each for each in seen if not each.startswith(words) and "'epoch'" not in each]


@pytest.fixture
async def settled(simulate: Simulate) -> SimulatedWorkspace:
    """A workspace that has read what lies in its inbox."""
    simulated = simulate()
    await simulated.drop("inbox/news.txt", "A newsletter.")
    return simulated


async def test_a_quiet_wake_up_writes_one_update(settled: SimulatedWorkspace) -> None:
    async with settled.up():
        await settled.live(15 * MINUTE)
        with statements(settled) as seen:
            await settled.live(15 * MINUTE)
    assert len(seen) == 1
    assert seen[0].startswith("UPDATE specialists")


async def test_the_check_above_sees_a_wake_up_that_writes_more(settled: SimulatedWorkspace) -> None:
    async with settled.up():
        with statements(settled) as seen:
            await settled.live(15 * MINUTE)
    assert len(seen) > 1


async def test_a_quiet_wake_up_is_counted_and_leaves_no_entry_in_the_journal(settled: SimulatedWorkspace) -> None:
    async with settled.up():
        await settled.live(15 * MINUTE)
        before, row = await settled.events("specialist:watch"), await settled.specialist("watch")
        await settled.live(15 * MINUTE)
        after = await settled.specialist("watch")
        assert await settled.events("specialist:watch") == before
    assert (after.wakes, after.quiet) == (row.wakes + 1, row.quiet + 1)


async def test_a_quiet_wake_up_writes_no_cursor(simulate: Simulate) -> None:
    source = ScriptedSource(Item(id="a", text="A newsletter."))
    simulated = simulate(sources=["scripted"], parts={("source", "scripted"): source})
    async with simulated.up():
        await simulated.live(15 * MINUTE)
        with statements(simulated) as seen:
            await simulated.live(23 * HOUR)  # the house is kept before and after
        assert (await cursors.of(simulated.store, "watch"))["scripted"].position == b"1"
    assert len(seen) == 92
    assert not [each for each in seen if "cursors" in each]


async def test_a_folder_that_nobody_touches_is_quiet_for_a_week(settled: SimulatedWorkspace) -> None:
    async with settled.up():
        await settled.live(7 * DAY)
        row = await settled.specialist("watch")
    assert (row.wakes, row.quiet) == (7 * 96, 7 * 96 - 1)


def test_a_quiet_day_imports_no_model_provider(make_folder: Callable[[], Path], describe: Callable[..., str]) -> None:
    models = {"small": "openai/gpt-5-mini", "frontier": "openai/gpt-5.2"}
    text = describe(models=models, triage=["model"])
    command = [sys.executable, "-c", QUIET_DAY, str(make_folder())]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []
