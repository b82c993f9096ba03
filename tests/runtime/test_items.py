"""Items: everything that changes is judged, once; what cannot be read is told and tried again."""

from __future__ import annotations

import os
from collections.abc import Callable

from platos.core.instant import DAY, HOUR, MINUTE
from platos.core.item import Item, ItemState
from platos.errors import Unavailable
from platos.store import cursors, items, occurrences
from platos.testing.source import ScriptedSource
from platos.testing.workspace import START, SimulatedWorkspace

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


async def test_a_signal_that_changes_gets_its_own_run_and_the_old_run_keeps_its_version(
    simulate: Simulate,
) -> None:
    simulated = simulate()
    async with simulated.up():
        for text in ("An advisory.", "An advisory, corrected."):
            await simulated.drop("inbox/note.txt", text)
            await simulated.live(SLOT)
        about = [[item.item.text for item in await items.of_run(simulated.store, run)] for run in (1, 2)]
        gates = await simulated.open_gates()
    assert about == [["An advisory."], ["An advisory, corrected."]]
    assert [gate.run for gate in gates] == [1, 2]


async def test_a_signal_that_changes_to_nothing_is_judged_by_what_it_says_now(simulate: Simulate) -> None:
    simulated = simulate()
    async with simulated.up():
        for text in ("An advisory.", "Taken back."):
            await simulated.drop("inbox/note.txt", text)
            await simulated.live(SLOT)
        found = await simulated.items("watch")
    assert [item.name for item in found[ItemState.SIGNAL]] == ["i1"]
    assert [item.name for item in found[ItemState.DISMISSED]] == ["i2"]


def scripted(simulate: Simulate, *given: Item) -> tuple[SimulatedWorkspace, ScriptedSource]:
    """A specialist with a source that holds these items."""
    source = ScriptedSource(*given)
    return simulate(sources=["scripted"], parts={("source", "scripted"): source}), source


async def test_an_item_that_happened_days_ago_and_arrives_now_is_judged(simulate: Simulate) -> None:
    simulated, source = scripted(simulate, Item(id="now", text="No news.", ts=START))
    async with simulated.up():
        await simulated.live(SLOT)
        source.add(Item(id="then", text="An advisory.", ts=START - 9 * DAY))
        await simulated.live(SLOT)
        assert [item.item.id for item in (await simulated.items("watch"))[ItemState.SIGNAL]] == ["then"]


async def test_items_out_of_order_are_each_judged_once(simulate: Simulate) -> None:
    days = [3, 1, 4, 0, 2]
    given = [Item(id=f"{day}", text="No news.", ts=START - day * DAY) for day in days]
    simulated, source = scripted(simulate, *given[:2])
    async with simulated.up():
        for item in given[2:]:
            await simulated.live(SLOT)
            source.add(item)
        await simulated.live(HOUR)
        judged = await simulated.store.all("SELECT id, count(*) FROM items JOIN verdicts ON item = number GROUP BY id")
    assert judged == [(f"{day}", 1) for day in sorted(days)]


async def test_two_versions_that_arrive_together_are_both_judged(simulate: Simulate) -> None:
    simulated, _ = scripted(simulate, Item(id="a", text="No news."), Item(id="a", text="An advisory."))
    async with simulated.up():
        await simulated.live(SLOT)
        found = await simulated.items("watch")
    assert [item.item.text for item in found[ItemState.DISMISSED]] == ["No news."]
    assert [item.item.text for item in found[ItemState.SIGNAL]] == ["An advisory."]


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
        assert await cursors.problems(simulated.store, 10) == [("watch", "scripted", 1, "the server is down")]
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
        assert await cursors.problems(simulated.store, 10) == []


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


async def test_what_a_source_told_once_is_shown_for_as_long_as_nothing_changes(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("inbox/picture.txt", "\0\0")
    async with simulated.up():
        for _ in range(2):
            await simulated.live(SLOT)
            [(_, source, _, problem)] = await cursors.problems(simulated.store, 10)
            assert (source, "not text" in problem) == ("directory", True)
        await simulated.drop("inbox/picture.txt", "Words.")
        await simulated.live(SLOT)
        assert await cursors.problems(simulated.store, 10) == []
