"""Definitions: an edit is in force at the next wake-up, a broken one never; a run keeps the one that it began with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import pytest

from platos.core.event import DefinitionBroken, DefinitionLoaded
from platos.core.instant import DAY, HOUR, MINUTE
from platos.core.item import Item, ItemState
from platos.core.state import Outcome, State
from platos.errors import NotFound
from platos.ports.source import Polled
from platos.store import specialists
from platos.testing.source import ScriptedSource
from platos.testing.workspace import START, SimulatedWorkspace

Simulate = Callable[..., SimulatedWorkspace]
Describe = Callable[..., str]

FILE = "specialists/watch.md"
SLOT = 15 * MINUTE


async def test_a_broken_edit_keeps_the_definition_before_it_and_shows_why(simulate: Simulate) -> None:
    simulated = simulate()
    async with simulated.up():
        await simulated.live(SLOT)
        before = await simulated.specialist("watch")
        await simulated.drop(FILE, "---\nschedule: whenever\n---\n")
        await simulated.live(SLOT)
        after = await simulated.specialist("watch")
        broken = [e for e in await simulated.events("specialist:watch") if isinstance(e, DefinitionBroken)]
    assert after.definition == before.definition
    assert FILE in after.problem
    assert len(broken) == 1


async def test_wake_ups_go_on_under_a_broken_edit(simulate: Simulate) -> None:
    simulated = simulate()
    async with simulated.up():
        await simulated.live(SLOT)
        await simulated.drop(FILE, "---\n---\n")
        await simulated.drop("inbox/note.txt", "An advisory.")
        await simulated.live(HOUR)
        assert len((await simulated.items("watch"))[ItemState.SIGNAL]) == 1


async def test_a_broken_edit_that_stands_at_a_restart_keeps_the_definition_before_it(simulate: Simulate) -> None:
    simulated = simulate()
    async with simulated.up():
        await simulated.live(SLOT)
    async with simulated.up():
        await simulated.drop(FILE, "---\n---\n")
    async with simulated.up():
        await simulated.drop("inbox/note.txt", "An advisory.")
        await simulated.live(SLOT)
        assert len((await simulated.items("watch"))[ItemState.SIGNAL]) == 1


async def test_an_edit_that_is_put_right_is_in_force_and_the_problem_is_gone(
    simulate: Simulate, describe: Describe
) -> None:
    simulated = simulate()
    async with simulated.up():
        await simulated.live(SLOT)
        await simulated.drop(FILE, "---\n---\n")
        await simulated.live(SLOT)
        await simulated.drop(FILE, describe())
        await simulated.live(SLOT)
        assert (await simulated.specialist("watch")).problem == ""


async def test_an_edit_takes_effect_at_the_next_wake_up(simulate: Simulate, describe: Describe) -> None:
    simulated = simulate()
    async with simulated.up():
        await simulated.live(SLOT)
        rules = {"rules": {"signal": [{"words": ["newsletter"]}], "otherwise": "dismiss"}}
        await simulated.drop(FILE, describe(triage=[rules]))
        await simulated.drop("inbox/note.txt", "A newsletter.")
        await simulated.live(SLOT)
        assert len((await simulated.items("watch"))[ItemState.SIGNAL]) == 1
        loaded = [e for e in await simulated.events("specialist:watch") if isinstance(e, DefinitionLoaded)]
    assert len(loaded) == 2


async def test_another_schedule_moves_the_next_slot(simulate: Simulate, describe: Describe) -> None:
    simulated = simulate(schedule="0 9 * * *")
    async with simulated.up() as engine:
        await simulated.drop(FILE, describe(schedule="30 10 * * *"))
        await engine.refresh()
        row = await simulated.specialist("watch")
        assert row.due == simulated.clock.now() + 2 * HOUR + 31 * MINUTE
        await simulated.live(DAY)
        assert (await simulated.specialist("watch")).wakes == 1


class EditedMeanwhile(ScriptedSource):
    """While it is polled, somebody edits the specialist: `edit`, once."""

    edit: Callable[[], Awaitable[None]] | None = None

    async def poll(self, cursor: bytes | None) -> Polled:
        if self.edit is not None:
            edit, self.edit = self.edit, None
            await edit()
        return await super().poll(cursor)


async def test_a_schedule_that_is_edited_during_a_poll_loses_no_slot(simulate: Simulate, describe: Describe) -> None:
    """The due time is the same in both schedules; what comes next is not."""
    source = EditedMeanwhile(Item(id="a", text="News."))
    simulated = simulate(schedule="0 8,14 * * *", sources=["edited"], parts={("source", "edited"): source})

    async def edit() -> None:
        await simulated.drop(FILE, describe(schedule="0 * * * *", sources=["edited"]))
        await simulated.engine.refresh()

    async with simulated.up():
        source.edit = edit
        await simulated.live(2 * MINUTE)
        row = await simulated.specialist("watch")
    assert row.due == START + HOUR + MINUTE


async def test_slots_are_given_up_only_by_the_definition_in_force(simulate: Simulate, describe: Describe) -> None:
    """Its `upcoming` is not one of the schedule that came into force meanwhile."""
    simulated = simulate(schedule="0 8,14 * * *")
    async with simulated.up() as engine:
        before = await simulated.specialist("watch")
        await simulated.drop(FILE, describe(schedule="0 * * * *"))
        await engine.refresh()
        skip = partial(specialists.skip, name="watch", due=START + MINUTE, upcoming=START + 6 * HOUR)
        assert not await simulated.store.transact(partial(skip, definition=before.definition))
        assert (await simulated.specialist("watch")).due == START + MINUTE


async def test_an_edit_that_leaves_the_schedule_alone_leaves_the_slot_alone(
    simulate: Simulate, describe: Describe
) -> None:
    simulated = simulate(schedule="0 9 * * *")
    async with simulated.up() as engine:
        before = await simulated.specialist("watch")
        await simulated.drop(FILE, describe(schedule="0 9 * * *", owner="bo"))
        await engine.refresh()
        after = await simulated.specialist("watch")
    assert after.definition != before.definition
    assert after.due == before.due


async def test_a_new_specialist_wakes_once_it_is_looked_at(simulate: Simulate, describe: Describe) -> None:
    simulated = simulate()
    async with simulated.up() as engine:
        await simulated.drop("specialists/second.md", describe())
        await engine.refresh()
        await simulated.live(HOUR)
        assert (await simulated.specialist("second")).wakes == 4


async def test_one_bad_file_does_not_stop_the_others(simulate: Simulate) -> None:
    simulated = simulate()
    await simulated.drop("specialists/bad.md", "no front matter")
    async with simulated.up():
        await simulated.live(HOUR)
        assert (await simulated.specialist("watch")).wakes == 4
        with pytest.raises(NotFound):
            await simulated.specialist("bad")


@pytest.fixture
async def parked(simulate: Simulate) -> SimulatedWorkspace:
    """A run waits at its gate."""
    simulated = simulate()
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up():
        await simulated.live(SLOT)
    return simulated


async def test_a_run_goes_on_after_its_specialists_file_is_gone(parked: SimulatedWorkspace) -> None:
    async with parked.up() as engine:
        (parked.workspace.root / FILE).unlink()
        await engine.refresh()
        await parked.approve((await parked.open_gates())[0])
        [run] = await parked.runs()
    assert run.outcome is Outcome.DONE


async def test_a_specialist_whose_file_is_gone_wakes_no_more(parked: SimulatedWorkspace) -> None:
    async with parked.up() as engine:
        (parked.workspace.root / FILE).unlink()
        await engine.refresh()
        before = await parked.specialist("watch")
        await parked.live(DAY)
        assert await parked.specialist("watch") == before
    assert (before.present, before.due) == (0, None)


async def test_after_a_rename_the_old_run_ends_and_the_new_name_reads_everything_for_itself(
    parked: SimulatedWorkspace,
) -> None:
    path = parked.workspace.root / FILE
    path.rename(path.with_name("lookout.md"))
    async with parked.up():
        await parked.live(SLOT)
        await parked.approve((await parked.open_gates())[0])
        rows = await parked.runs()
    assert [(row.specialist, row.state) for row in rows] == [
        ("watch", State.SUCCESS),
        ("lookout", State.NEEDS_REVIEW),
    ]


async def test_a_run_keeps_the_definition_that_it_began_with(parked: SimulatedWorkspace, describe: Describe) -> None:
    async with parked.up() as engine:
        await parked.drop(FILE, describe(done_when=[]))
        await engine.refresh()
        await parked.approve((await parked.open_gates())[0])
        closing: Any = (await parked.events("r1"))[-1]
    assert [str(each.check) for each in closing.checks] == ["receipt: outbox", "cited"]
