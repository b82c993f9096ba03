"""Items: everything that changes is judged, once; what cannot be read is told and tried again."""

from __future__ import annotations

import os
from collections.abc import Callable

from platos.core.instant import HOUR, MINUTE
from platos.core.item import Item, ItemState
from platos.errors import Unavailable
from platos.store import cursors, occurrences
from platos.testing.source import ScriptedSource
from platos.testing.workspace import SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]

SLOT = 15 * MINUTE


async def test_a_changed_file_is_a_new_item_and_judged_again(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/note.txt", "Nothing yet.")
    async with simulated.up():
        await simulated.live(SLOT)
        await simulated.drop("inbox/note.txt", "Now it is an advisory.")
        await simulated.live(SLOT)
        found = await simulated.items("watch")
    assert [item.name for item in found[ItemState.DISMISSED]] == ["i1"]
    assert [item.name for item in found[ItemState.SIGNAL]] == ["i2"]


async def test_a_file_that_was_only_touched_makes_a_quiet_wake_up(simulate: Simulate) -> None:
    simulated = simulate()
    path = await simulated.drop("inbox/note.txt", "Nothing yet.")
    async with simulated.up():
        await simulated.live(SLOT)
        os.utime(path, (1, 1))
        await simulated.live(SLOT)
        row = await simulated.specialist("watch")
        assert len((await simulated.items("watch"))[ItemState.DISMISSED]) == 1
    assert (row.wakes, row.quiet) == (2, 1)


async def test_a_file_with_an_old_date_is_seen(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/new.txt", "Nothing yet.")
    async with simulated.up():
        await simulated.live(SLOT)
        os.utime(await simulated.drop("inbox/old.txt", "An old advisory."), (1, 1))
        await simulated.live(SLOT)
        assert [item.item.id for item in (await simulated.items("watch"))[ItemState.SIGNAL]] == ["old.txt"]


async def test_an_item_that_is_yielded_twice_is_stored_once(simulate: Simulate) -> None:
    source = ScriptedSource(Item(id="a", text="An advisory."), Item(id="a", text="An advisory."))
    simulated = simulate(sources=["scripted"], parts={("source", "scripted"): source})
    async with simulated.up():
        await simulated.live(SLOT)
        source.add(Item(id="a", text="An advisory."))
        await simulated.live(SLOT)
        assert len((await simulated.items("watch"))[ItemState.SIGNAL]) == 1
        assert len(await simulated.runs()) == 1


async def test_a_source_that_fails_is_told_with_its_reason(simulate: Simulate) -> None:
    simulated, _ = failing(simulate)
    async with simulated.up():
        await simulated.live(SLOT)
        assert await cursors.problems(simulated.store) == [("watch", "scripted", 1, "the server is down")]
        [row] = await occurrences.latest(simulated.store, "watch", 9)
    assert (row.outcome, row.why) == ("ran", "could not read scripted")


async def test_a_source_that_fails_stops_no_other(simulate: Simulate) -> None:
    simulated, _ = failing(simulate)
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
        assert [item.item.id for item in (await simulated.items("watch"))[ItemState.SIGNAL]] == ["note.txt"]


async def test_a_source_that_failed_is_polled_again_from_where_it_was(simulate: Simulate) -> None:
    simulated, source = failing(simulate)
    async with simulated.up():
        await simulated.live(HOUR)
        source.fail(None)
        await simulated.live(SLOT)
        assert [item.item.id for item in (await simulated.items("watch"))[ItemState.SIGNAL]] == ["late"]
        assert await cursors.problems(simulated.store) == []


def failing(simulate: Simulate) -> tuple[SimulatedWorkspace, ScriptedSource]:
    """A specialist with a folder, and a source that fails until it is told not to."""
    source = ScriptedSource(Item(id="late", text="A late advisory."))
    source.fail(Unavailable("the server is down"))
    sources = ["scripted", {"directory": {"path": "inbox"}}]
    return simulate(sources=sources, parts={("source", "scripted"): source}), source


async def test_two_specialists_on_one_folder_each_see_every_item(simulate: Simulate) -> None:
    simulated = simulate(others={"second": {}})
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
        for name in ("watch", "second"):
            assert len((await simulated.items(name))[ItemState.SIGNAL]) == 1
        assert sorted(run.specialist for run in await simulated.runs()) == ["second", "watch"]


async def test_work_handed_in_is_an_item_like_any_other(simulate: Simulate) -> None:
    simulated = simulate()
    async with simulated.up() as engine:
        wake = await engine.wake("watch", (Item(id="mine", text="My own advisory."),), by="person:test")
        [item] = (await simulated.items("watch"))[ItemState.SIGNAL]
    assert (item.item.id, item.source, item.run) == ("mine", "by-hand", wake.runs[0])
