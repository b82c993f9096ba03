"""Specialists of a template: rows with parameters, that wake, work and are explained as any other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import pytest

from platos.config.template import read_template
from platos.core.approval import GateState
from platos.core.event import DefinitionLoaded, SpecialistsAdded
from platos.core.instant import HOUR, MINUTE
from platos.core.item import Item, ItemState
from platos.core.state import State
from platos.errors import NotFound, UsageError
from platos.ports.source import Polled
from platos.runtime.asleep.add import Added
from platos.runtime.asleep.remove import Removed
from platos.runtime.explain import explain
from platos.runtime.explain.fate import Fate
from platos.runtime.measures import told
from platos.runtime.wake import Wake
from platos.runtime.wakeup import wake_up
from platos.store import items, journal, specialists
from platos.store.sound import FIRST, verify_some
from platos.testing.source import ScriptedSource
from platos.testing.workspace import START, SimulatedWorkspace

Describe = Callable[..., str]
Content = Callable[..., Awaitable[bytes]]
BY = "person:test"
SLOT = 15 * MINUTE
SOURCES = [{"directory": {"path": "{{folder}}"}}]


@pytest.fixture
def content(make_folder: Callable[[], Path], describe: Describe) -> Content:
    """`await content(schedule="0 * * * *")`: a template whose specialists watch a folder each."""

    def read(**changes: Any) -> bytes:
        path = make_folder() / "customers.md"
        path.write_text(describe(**{"sources": SOURCES, **changes}) + "Of {{name}}, in {{folder}}.\n")
        return read_template(path, {}).content

    async def offloaded(**changes: Any) -> bytes:
        return await anyio.to_thread.run_sync(partial(read, **changes))

    return offloaded


@pytest.fixture
def simulated(make_folder: Callable[[], Path]) -> SimulatedWorkspace:
    """A workspace without any specialist that has a file."""
    return SimulatedWorkspace(make_folder(), {})


def rows(*names: str, folder: str = "inbox") -> list[tuple[str, tuple[str, ...]]]:
    return [(name, (folder,)) for name in names]


async def test_each_of_them_wakes_by_its_schedule(simulated: SimulatedWorkspace, content: Content) -> None:
    async with simulated.up() as engine:
        assert await engine.add(await content(), rows("ana", "bo"), by=BY) == Added(2, 0, 0)
        await simulated.live(HOUR)
        found = await specialists.every(simulated.store)
    assert [(row.name, row.wakes, row.quiet) for row in found] == [("ana", 4, 4), ("bo", 4, 4)]


async def test_what_they_have_in_common_is_stored_once(simulated: SimulatedWorkspace, content: Content) -> None:
    async with simulated.up() as engine:
        await engine.add(await content(), rows(*(f"s{number}" for number in range(50))), by=BY)
        await simulated.live(HOUR)
        [(payloads,)] = await simulated.store.all("SELECT count(*) FROM payloads")
        [(chains,)] = await simulated.store.all("SELECT count(*) FROM chains")
        [event] = [each for each in await simulated.events("system") if isinstance(each, SpecialistsAdded)]
    assert (payloads, chains) == (1, 1)
    assert (event.template, event.added, event.by) == ("customers", 50, BY)


async def test_one_that_sleeps_is_a_row_and_nothing_in_memory(simulated: SimulatedWorkspace, content: Content) -> None:
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana", "bo"), by=BY)
        await simulated.live(HOUR)
        host = engine._host
        assert (host.in_force, host.passing, host.ahead, len(host._locks)) == ({}, set(), {}, 0)


async def test_the_same_rows_once_more_change_nothing(simulated: SimulatedWorkspace, content: Content) -> None:
    async with simulated.up() as engine:
        its = await content()
        await engine.add(its, rows("ana", "bo"), by=BY)
        await simulated.live(HOUR)
        before, last = await specialists.every(simulated.store), await journal.last(simulated.store)
        assert await engine.add(its, rows("ana", "bo"), by=BY) == Added(0, 0, 2)
        assert await specialists.every(simulated.store) == before
        assert await journal.last(simulated.store) == last


async def test_a_row_that_changed_is_in_force_at_the_next_wake_up(
    simulated: SimulatedWorkspace, content: Content
) -> None:
    async with simulated.up() as engine:
        its = await content()
        await engine.add(its, rows("ana", "bo"), by=BY)
        await simulated.live(SLOT)
        await simulated.drop("outside/note.txt", "An advisory.")
        changed = [*rows("ana"), *rows("bo", folder="outside")]
        assert await engine.add(its, changed, by=BY) == Added(0, 1, 1)
        await simulated.live(SLOT)
        found = {name: await simulated.items(name) for name in ("ana", "bo")}
    assert [len(found[name][ItemState.SIGNAL]) for name in ("ana", "bo")] == [0, 1]


async def test_a_template_that_changed_moves_the_next_slot(simulated: SimulatedWorkspace, content: Content) -> None:
    async with simulated.up() as engine:
        await engine.add(await content(schedule="0 9 * * *"), rows("ana"), by=BY)
        assert await engine.add(await content(schedule="30 10 * * *"), rows("ana"), by=BY) == Added(0, 1, 0)
        assert (await simulated.specialist("ana")).due == START + 2 * HOUR + 31 * MINUTE


class ChangedMeanwhile(ScriptedSource):
    """While it is polled, somebody changes the table: `change`, once."""

    change: Callable[[], Awaitable[object]] | None = None

    async def poll(self, cursor: bytes | None) -> Polled:
        if self.change is not None:
            change, self.change = self.change, None
            await change()
        return await super().poll(cursor)


async def test_parameters_that_change_during_a_poll_lose_no_slot(
    make_folder: Callable[[], Path], content: Content
) -> None:
    """The due time is the same with both; what comes next is not."""
    source = ChangedMeanwhile()
    simulated = SimulatedWorkspace(make_folder(), {}, parts={("source", "changed"): source})
    its = await content(sources=["changed"], schedule="0 {{folder}} * * *")
    async with simulated.up() as engine:
        await engine.add(its, rows("ana", folder="8,14"), by=BY)
        source.change = partial(engine.add, its, rows("ana", folder="*"), by=BY)
        await simulated.live(2 * MINUTE)
        assert (await simulated.specialist("ana")).due == START + HOUR + MINUTE


async def test_where_one_row_cannot_be_taken_none_is(
    make_folder: Callable[[], Path], describe: Describe, content: Content
) -> None:
    simulated = SimulatedWorkspace(make_folder(), {"watch": describe()})
    async with simulated.up() as engine:
        with pytest.raises(UsageError, match="a file of its own"):
            await engine.add(await content(), rows("ana", "watch", "zoe"), by=BY)
        assert [row.name for row in await specialists.every(simulated.store)] == ["watch"]


async def test_one_works_to_its_end_with_its_own_scope_and_definition(
    simulated: SimulatedWorkspace, content: Content
) -> None:
    await simulated.drop("inbox/note.txt", "An advisory.")
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana"), by=BY)
        await simulated.live(SLOT)
        [gate] = await simulated.open_gates()
    async with simulated.up() as engine:  # a process that knows of it what the store says
        await engine.decide(gate.id, GateState.APPROVED, by=BY)
        await engine.rest()
        [run] = await simulated.runs()
        pinned = await engine._host.pinned(run.definition)
    assert run.state is State.SUCCESS
    assert pinned.scope.endswith("Of ana, in inbox.")


async def test_a_start_leaves_them_asleep(simulated: SimulatedWorkspace, content: Content) -> None:
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana", "bo"), by=BY)
    async with simulated.up() as engine:
        assert engine._host.in_force == {}
        await simulated.live(SLOT)
        assert [row.wakes for row in await specialists.every(simulated.store)] == [1, 1]


async def test_what_waits_of_one_is_judged_after_a_start(make_folder: Callable[[], Path], content: Content) -> None:
    source = ScriptedSource(Item(id="a", text="An advisory."))
    simulated = SimulatedWorkspace(make_folder(), {}, parts={("source", "scripted"): source})
    its = (await content(sources=["scripted"])).replace(b'"parameters":[]', b'"parameters":["folder"]')
    async with simulated.up() as engine:
        await engine.add(its, rows("ana"), by=BY)
        await simulated.live(SLOT)
        await simulated.store.transact(_untriage)
    async with simulated.up():
        await simulated.live(MINUTE)
        assert await items.in_state(simulated.store, "ana", ItemState.NEW, 1) == []


def _untriage(tx: Any) -> None:
    """As if the process had ended between poll and triage."""
    tx.execute("UPDATE items SET state = 'new', run = NULL")


async def test_every_slot_is_explained_since_it_was_added(simulated: SimulatedWorkspace, content: Content) -> None:
    async with simulated.up() as engine:
        await simulated.live(SLOT)
        await engine.add(await content(), rows("ana"), by=BY)
        await simulated.live(HOUR)
        told = await explain(simulated.store, "ana", simulated.clock.now(), count=10, ahead=2)
    assert [each.answer.fate for each in told.slots] == [Fate.QUIET] * 4
    assert len(told.ahead) == 2


async def test_one_is_paused_and_resumed_and_woken_by_hand(simulated: SimulatedWorkspace, content: Content) -> None:
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana", "bo"), by=BY)
        await engine.pause("ana", by=BY)
        await simulated.live(HOUR)
        assert [row.wakes for row in await specialists.every(simulated.store)] == [0, 4]
        await engine.resume("ana", by=BY)
        await engine.wake("ana", by=BY)
        await simulated.live(MINUTE)
        assert (await simulated.specialist("ana")).wakes == 2


async def test_one_that_cannot_be_made_any_more_says_why_and_the_others_wake(
    simulated: SimulatedWorkspace, content: Content
) -> None:
    """As if another version had written its template."""
    good, bad = await content(), await content(schedule="{{folder}}")
    async with simulated.up() as engine:
        await engine.add(bad, rows("ana", folder="0 9 * * *"), by=BY)
        await engine.add(good, rows("bo"), by=BY)
        await simulated.store.transact(_spoil)
        await simulated.live(2 * MINUTE)
        ana, bo = await specialists.every(simulated.store)
    assert (ana.wakes, bo.wakes) == (0, 1)
    assert "schedule" in ana.problem


def _spoil(tx: Any) -> None:
    tx.execute("UPDATE specialists SET parameters = '[\"never\"]', due = :due WHERE name = 'ana'", due=START + MINUTE)


async def test_a_file_of_its_name_takes_a_specialist_over(
    simulated: SimulatedWorkspace, content: Content, describe: Describe
) -> None:
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana"), by=BY)
        await simulated.drop("specialists/ana.md", describe())
        await engine.refresh()
        row = await simulated.specialist("ana")
        loaded = [e for e in await simulated.events("specialist:ana") if isinstance(e, DefinitionLoaded)]
    assert row.parameters is None
    assert len(loaded) == 1


async def test_their_rows_are_verified(simulated: SimulatedWorkspace, content: Content) -> None:
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana", "bo"), by=BY)
        await simulated.live(HOUR)
        folder = simulated.store.folder
        place = await anyio.to_thread.run_sync(verify_some, folder, FIRST, 10_000)
        while place != FIRST:
            place = await anyio.to_thread.run_sync(verify_some, folder, place, 10_000)


async def test_one_that_is_removed_wakes_no_more_and_its_past_is_kept(
    simulated: SimulatedWorkspace, content: Content
) -> None:
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana", "bo"), by=BY)
        await simulated.drop("inbox/note.txt", "An advisory.")
        await simulated.live(HOUR)
        assert await engine.remove(["ana"], "", by=BY) == Removed(1, 0)
        await simulated.live(HOUR)
        found = {row.name: (row.wakes, row.present) for row in await specialists.every(simulated.store)}
        told = (await explain(simulated.store, "ana", simulated.clock.now(), count=5, ahead=1)).slots
        [run] = [run for run in await simulated.runs() if run.specialist == "ana"]
        assert run.state is State.NEEDS_REVIEW
        for gate in await simulated.open_gates():
            await simulated.approve(gate)
        assert [run.state for run in await simulated.runs()] == [State.SUCCESS] * 2
    assert found == {"ana": (4, False), "bo": (8, True)}
    assert [each.answer.fate for each in told] == [Fate.QUIET] + [Fate.GONE] * 4
    assert f"{BY} removed it" in told[-1].answer.why


async def test_one_that_was_removed_is_added_again_and_wakes(simulated: SimulatedWorkspace, content: Content) -> None:
    async with simulated.up() as engine:
        its = await content()
        await engine.add(its, rows("ana"), by=BY)
        await simulated.live(HOUR)
        await engine.remove(["ana"], "", by=BY)
        assert await engine.remove(["ana"], "", by=BY) == Removed(0, 1)
        with pytest.raises(NotFound, match="was removed"):
            await engine.wake("ana", by=BY)
        await simulated.live(HOUR)
        assert await engine.add(its, rows("ana"), by=BY) == Added(1, 0, 0)
        await simulated.live(HOUR)
        assert (await simulated.specialist("ana")).wakes == 8


async def test_all_of_a_template_are_removed_also_those_of_it_as_it_was(
    simulated: SimulatedWorkspace, content: Content
) -> None:
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana", "bo"), by=BY)
        await engine.add(await content(schedule="0 * * * *"), rows("bo", "cy"), by=BY)
        with pytest.raises(NotFound, match="no specialist is made of"):
            await engine.remove([], "customer", by=BY)
        assert await engine.remove([], "customers", by=BY) == Removed(3, 0)
        await simulated.live(HOUR)
        assert {(row.wakes, row.due) for row in await specialists.every(simulated.store)} == {(0, None)}


async def test_where_one_cannot_be_removed_none_is(
    make_folder: Callable[[], Path], describe: Describe, content: Content
) -> None:
    simulated = SimulatedWorkspace(make_folder(), {"watch": describe()})
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana"), by=BY)
        await engine.refresh()
        for names, error in ((["ana", "nobody"], NotFound), (["ana", "watch"], UsageError)):
            with pytest.raises(error):
                await engine.remove(names, "", by=BY)
        assert all(row.present for row in await specialists.every(simulated.store))


async def test_a_wake_up_under_way_of_one_that_is_removed_claims_nothing(
    simulated: SimulatedWorkspace, content: Content
) -> None:
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana"), by=BY)
        row = await simulated.specialist("ana")
        await engine.remove(["ana"], "", by=BY)
        simulated.clock.advance_to(row.due or 0)
        await wake_up(Wake(engine._host, "ana", row.due))
        assert (await simulated.specialist("ana")).wakes == 0


async def test_of_those_that_templates_make_measures_name_the_first_and_of_the_others_all(
    make_folder: Callable[[], Path], describe: Describe, content: Content
) -> None:
    simulated = SimulatedWorkspace(make_folder(), {"watch": describe()})
    async with simulated.up() as engine:
        await engine.add(await content(), rows("ana", "bo", "cy"), by=BY)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(told, "_MOST", 2)
            assert await told.told_by_name(simulated.store, {"cy", "bo", "watch", "ana"}) == ["watch", "ana", "bo"]
