"""The simulated workspace, as a user's own tests use it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from platos import Item, Polled
from platos.core.instant import HOUR, MINUTE
from platos.core.item import ItemState
from platos.core.state import Outcome, State
from platos.errors import NotFound, StoreBusy
from platos.testing.source import ScriptedSource
from platos.testing.workspace import START, SimulatedWorkspace

SPECIALIST = """---
owner: ana
schedule: "*/15 * * * *"
sources: [scripted]
triage:
  - rules: {signal: [{words: [advisory]}], otherwise: dismiss}
tools: [outbox]
---
Report advisories.
"""


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


@pytest.fixture
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="p-") as path:
        yield Path(path)


@pytest.fixture
def source() -> ScriptedSource:
    return ScriptedSource(Item(id="a", text="An advisory. Upgrade."))


@pytest.fixture
def simulated(folder: Path, source: ScriptedSource) -> SimulatedWorkspace:
    return SimulatedWorkspace(folder, {"watch": SPECIALIST}, parts={("source", "scripted"): source})


async def test_a_day_is_lived_through_from_a_signal_to_an_approval(simulated: SimulatedWorkspace) -> None:
    async with simulated.up():
        await simulated.live(HOUR)
        [gate] = await simulated.open_gates()
        await simulated.approve(gate)
        [run] = await simulated.runs()
    assert run.outcome is Outcome.DONE
    assert len(list(simulated.workspace.outbox.glob("*.md"))) == 1


async def test_a_denied_gate_cancels_its_run(simulated: SimulatedWorkspace) -> None:
    async with simulated.up():
        await simulated.live(HOUR)
        await simulated.deny((await simulated.open_gates())[0], reason="no need")
        assert [run.state for run in await simulated.runs()] == [State.CANCELLED]


async def test_time_passes_only_while_it_lives(simulated: SimulatedWorkspace) -> None:
    async with simulated.up():
        assert simulated.clock.now() == START
        await simulated.live(10 * MINUTE)
    assert simulated.clock.now() == START + 10 * MINUTE


async def test_started_again_it_goes_on_where_it_was(simulated: SimulatedWorkspace, source: ScriptedSource) -> None:
    async with simulated.up():
        await simulated.live(HOUR)
    source.add(Item(id="b", text="No news."))
    async with simulated.up():
        await simulated.live(HOUR)
        found = await simulated.items("watch")
        row = await simulated.specialist("watch")
    assert [item.name for item in found[ItemState.SIGNAL]] == ["i1"]
    assert [item.name for item in found[ItemState.DISMISSED]] == ["i2"]
    assert row.wakes == 8


async def test_a_specialist_is_checked_as_it_would_be_outside(folder: Path) -> None:
    simulated = SimulatedWorkspace(folder, {"watch": SPECIALIST})
    async with simulated.up():
        with pytest.raises(NotFound):
            await simulated.specialist("watch")


async def test_parts_that_a_test_made_keep_what_it_can_look_into(simulated: SimulatedWorkspace) -> None:
    class Counting(ScriptedSource):
        polls = 0

        async def poll(self, cursor: bytes | None) -> Polled:
            self.polls += 1
            return await super().poll(cursor)

    counting = Counting()
    other = SimulatedWorkspace(
        simulated.workspace.root, {"watch": SPECIALIST}, parts={("source", "scripted"): counting}
    )
    async with other.up():
        await other.live(HOUR)
    assert counting.polls == 4


async def test_one_workspace_is_up_once(simulated: SimulatedWorkspace) -> None:
    async with simulated.up():
        with pytest.raises(StoreBusy):
            async with simulated.up():
                raise AssertionError("a second engine owns the folder")


async def test_what_needs_the_engine_says_that_it_is_not_up(simulated: SimulatedWorkspace) -> None:
    with pytest.raises(AssertionError, match="not up"):
        await simulated.live(HOUR)
