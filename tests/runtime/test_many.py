"""Many specialists due at once: read together, polled once where they ask the same, written together, none lost."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import anyio
import pytest
from anyio import to_thread

from platos.config.template import read_template
from platos.core.instant import HOUR, MINUTE
from platos.core.item import Item
from platos.core.specialist import PartSpec
from platos.errors import StoreFull, Unavailable
from platos.ports.source import Polled
from platos.runtime import engine as engines
from platos.runtime.asleep.ahead import look_ahead
from platos.runtime.asleep.shared import Key, Shared
from platos.runtime.asleep.together import Together
from platos.runtime.wake import Wake
from platos.runtime.wakeup import wake_up
from platos.store import Tx, open_store, specialists
from platos.testing.source import ScriptedSource
from platos.testing.workspace import START, SimulatedWorkspace

Describe = Callable[..., str]

SEED = 20261127
SLOT = 15 * MINUTE
FEED = PartSpec(part="feed", name="feed", options={"url": "https://example.com/a"})


class Counted(ScriptedSource):
    """Counts how often it is polled."""

    def __init__(self, *items: Item) -> None:
        super().__init__(*items)
        self.polls = 0

    async def poll(self, cursor: bytes | None) -> Polled:
        self.polls += 1
        return await super().poll(cursor)


async def test_those_who_wake_at_one_moment_ask_the_same_source_once(
    make_folder: Callable[[], Path], describe: Describe
) -> None:
    source = Counted(Item(id="a", text="An advisory."))
    texts = dict.fromkeys(("ana", "bo", "cy"), describe(sources=["counted"]))
    simulated = SimulatedWorkspace(make_folder(), texts, parts={("source", "counted"): source})
    async with simulated.up():
        await simulated.live(HOUR)
        found = [await simulated.specialist(name) for name in texts]
    assert source.polls == 4
    assert [(row.wakes, row.quiet) for row in found] == [(4, 3)] * 3


async def test_who_has_read_less_than_the_others_asks_for_itself(
    make_folder: Callable[[], Path], describe: Describe
) -> None:
    source = Counted(Item(id="a", text="An advisory."))
    texts = {"ana": describe(sources=["counted"]), "bo": describe(sources=["counted"], schedule="0 * * * *")}
    simulated = SimulatedWorkspace(make_folder(), texts, parts={("source", "counted"): source}, start=START + MINUTE)
    async with simulated.up():
        await simulated.live(HOUR + MINUTE)
        bo = await simulated.specialist("bo")
    assert source.polls == 4 + 1
    assert (bo.wakes, bo.quiet) == (1, 0)


async def test_a_failure_is_everybodys_and_is_asked_for_once() -> None:
    shared, asked = Shared(lambda: 1), []

    async def ask(cursor: bytes | None) -> Polled:
        asked.append(cursor)
        raise Unavailable("nobody listens")

    for _ in range(3):
        with pytest.raises(Unavailable):
            await shared.poll(Key.of(FEED, b"1"), 1, ask)
    assert asked == [b"1"]


async def test_an_answer_is_for_those_whose_slot_had_come_when_it_was_asked_for() -> None:
    now, polls = [10], []
    shared = Shared(lambda: now[0])

    async def ask(cursor: bytes | None) -> Polled:
        polls.append(now[0])
        return Polled(cursor=b"%d" % now[0])

    assert (await shared.poll(Key.of(FEED, None), 5, ask)).cursor == b"10"
    now[0] = 12
    assert (await shared.poll(Key.of(FEED, None), 10, ask)).cursor == b"10"
    assert (await shared.poll(Key.of(FEED, None), 11, ask)).cursor == b"12"
    assert (await shared.poll(Key.of(FEED, None), 10, ask)).cursor == b"12"
    assert polls == [10, 12]


async def test_where_the_one_who_asks_is_cancelled_the_next_one_asks() -> None:
    shared, begun, answers = Shared(lambda: 1), anyio.Event(), []

    async def never(cursor: bytes | None) -> Polled:
        begun.set()
        await anyio.sleep_forever()
        raise AssertionError

    async def at_once(cursor: bytes | None) -> Polled:
        return Polled(cursor=b"2")

    async with anyio.create_task_group() as tasks:
        async with anyio.create_task_group() as first:
            first.start_soon(shared.poll, Key.of(FEED, None), 1, never)
            await begun.wait()

            async def second() -> None:
                answers.append(await shared.poll(Key.of(FEED, None), 1, at_once))

            tasks.start_soon(second)
            await anyio.wait_all_tasks_blocked()
            first.cancel_scope.cancel()
    assert [answer.cursor for answer in answers] == [b"2"]


async def test_what_is_brought_during_a_transaction_is_written_in_one(tmp_path: Path) -> None:
    groups: list[list[int]] = []

    def write(tx: Tx, brought: list[int]) -> None:
        groups.append(list(brought))

    async with open_store(tmp_path, command="test", now=1) as store:
        together: Together[int] = Together(store, write)
        async with anyio.create_task_group() as tasks:
            for number in range(100):
                tasks.start_soon(together.bring, [number])
    assert groups == [[0], list(range(1, 100))]


async def test_where_a_group_fails_each_is_written_by_itself(tmp_path: Path) -> None:
    written: set[int] = set()

    def write(tx: Tx, brought: list[int]) -> None:
        if 7 in brought:
            raise StoreFull("the disk is full")
        written.update(brought)  # a transaction may run more than once

    failed: list[int] = []
    async with open_store(tmp_path, command="test", now=1) as store:
        together: Together[int] = Together(store, write)

        async def bring(number: int) -> None:
            try:
                await together.bring([number])
            except StoreFull:
                failed.append(number)

        async with anyio.create_task_group() as tasks:
            for number in range(10):
                tasks.start_soon(bring, number)
    # the first of a group wrote for all of it, and is told that this failed: it wakes again
    assert sorted(failed) == [1, 7]
    assert written == {0, 2, 3, 4, 5, 6, 8, 9}


async def test_more_than_may_be_awake_at_once_all_wake_and_once_each(
    make_folder: Callable[[], Path], describe: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "_MOST_WAKING", 4)
    texts = {f"s{number}": describe() for number in range(23)}
    simulated = SimulatedWorkspace(make_folder(), texts)
    async with simulated.up():
        await simulated.live(SLOT)
        found = await specialists.every(simulated.store)
    assert [row.wakes for row in found] == [1] * 23
    assert {row.last_slot for row in found} == {START + MINUTE}


async def read_ahead(simulated: SimulatedWorkspace) -> Wake:
    """A wake-up for the slot that has come, with what was read ahead for it."""
    host, due = simulated.engine._host, START + MINUTE
    simulated.clock.advance_to(due)
    found = await look_ahead(host, ["watch"], due, specialists.FIRST, 10, Shared(host.now))
    return Wake(host, "watch", due, ahead=found["watch"])


async def test_a_wake_up_uses_what_was_read_ahead_for_it(make_folder: Callable[[], Path], describe: Describe) -> None:
    simulated = SimulatedWorkspace(make_folder(), {"watch": describe()})
    async with simulated.up():
        wake = await read_ahead(simulated)
        await wake_up(wake)
        assert wake.ahead is not None
        assert (await simulated.specialist("watch")).quiet == 1


async def test_what_was_read_ahead_is_not_used_where_another_wake_up_came_between(
    make_folder: Callable[[], Path], describe: Describe
) -> None:
    simulated = SimulatedWorkspace(make_folder(), {"watch": describe()})
    async with simulated.up() as engine:
        wake = await read_ahead(simulated)
        await simulated.drop("inbox/note.txt", "Nothing of note.")
        await engine.wake("watch", by="person:test")
        await wake_up(wake)
        assert wake.ahead is None
        row = await simulated.specialist("watch")
    assert (row.wakes, row.quiet) == (2, 1)


async def test_what_was_read_ahead_is_not_used_where_another_definition_came_into_force(
    make_folder: Callable[[], Path], describe: Describe
) -> None:
    simulated = SimulatedWorkspace(make_folder(), {"watch": describe()})
    async with simulated.up() as engine:
        wake = await read_ahead(simulated)
        await simulated.drop("specialists/watch.md", describe(owner="bo"))
        await engine.refresh()
        await wake_up(wake)
    assert wake.ahead is None
    assert wake.specialist.owner == "bo"


async def test_nothing_is_kept_of_a_specialist_that_sleeps(make_folder: Callable[[], Path], describe: Describe) -> None:
    simulated = SimulatedWorkspace(make_folder(), {"watch": describe()})
    async with simulated.up() as engine:
        await simulated.live(HOUR)
        host = engine._host
        assert not host.ahead
        assert not len(host._locks)


async def test_a_crowd_that_is_due_in_the_same_second_is_asked_for_each_once_and_nobody_is_lost(
    make_folder: Callable[[], Path], describe: Describe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More of them than may be awake at once, each with a source of its own, in an order that a seed has drawn."""
    monkeypatch.setattr(engines, "_MOST_WAKING", 64)
    source, folder, count = Counted(), make_folder(), 300
    simulated = SimulatedWorkspace(folder, {}, parts={("source", "counted"): source})

    def template() -> bytes:
        path = folder / "crowd.md"
        path.write_text(describe(sources=[{"counted": {"whose": "{{name}}"}}]))
        return read_template(path, {}).content

    names = [f"s{number}" for number in range(count)]
    random.Random(SEED).shuffle(names)
    async with simulated.up() as engine:
        await engine.add(await to_thread.run_sync(template), [(name, ()) for name in names], by="person:test")
        await simulated.live(2 * SLOT)
        found = await specialists.every(simulated.store)
    assert source.polls == 2 * count
    assert {(row.wakes, row.due) for row in found} == {(2, found[0].due)}
