"""The writer: group commit, transactions that fail alone, answers after COMMIT, and callers that give up."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import anyio
import anyio.lowlevel
import anyio.to_thread
import pytest

from platos.errors import EpochLost, StoreError, StoreUnknown
from platos.store import Store, Tx, journal, open_store
from platos.store.verify import verify_chain
from platos.store.writer import Committer

Note = Callable[..., int]
Rows = Callable[[str], list[tuple[object, ...]]]

NOW = 1_790_000_000_000_000
COUNT = "SELECT count(*) FROM journal"


class Boom(Exception):
    """What a transaction of these tests fails of."""


def hold(tx: Tx, held: threading.Event, until: threading.Event) -> None:
    """Keep the writer busy, so that what is asked for meanwhile waits."""
    held.set()
    assert until.wait(60)


async def together(store: Store, jobs: Sequence[tuple[Callable[..., object], tuple[object, ...]]]) -> list[object]:
    """Ask for transactions that come to wait together; each one's result or error, in order."""
    answers: list[object] = [None] * len(jobs)

    async def ask(at: int, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
        try:
            answers[at] = await store.transact(function, *arguments)
        except Exception as error:  # noqa: BLE001 - it is the answer
            answers[at] = error

    held, release = threading.Event(), threading.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(store.transact, hold, held, release)
        await anyio.to_thread.run_sync(held.wait)
        for at, (function, arguments) in enumerate(jobs):
            tasks.start_soon(ask, at, function, arguments)
        await anyio.wait_all_tasks_blocked()
        release.set()
    return answers


async def chain_holds(store: Store, specialist: str) -> int:
    """Verify a chain; how many entries it has."""
    entries = await journal.chain(store, journal.specialist_chain(specialist))
    verify_chain(specialist, entries)
    return len(entries)


async def test_what_waits_is_committed_as_one_group(folder: Path, note: Note, statements: list[str]) -> None:
    async with open_store(folder, command="test", now=NOW) as store:
        statements.clear()
        assert await together(store, [(note, ("ana",))] * 100) == [1] * 100
        assert statements.count("COMMIT") == 2  # the one that held the writer, and all the others


async def test_a_transaction_that_raises_takes_only_itself_back(store: Store, note: Note) -> None:
    jobs = [(note, ("ana", 2)), (note, ("ana", 3, Boom())), (note, ("ana", 2)), (note, ("bo", 1, Boom()))]
    answers = await together(store, jobs)
    assert [type(answer) for answer in answers] == [int, Boom, int, Boom]
    assert await chain_holds(store, "ana") == 4
    assert await chain_holds(store, "bo") == 0


async def test_a_number_of_a_failed_transaction_is_given_again(store: Store) -> None:
    def numbered(tx: Tx, failure: Exception | None = None) -> int:
        number = tx.next_number("run")
        if failure:
            raise failure
        return number

    assert await store.transact(numbered) == 1
    with pytest.raises(Boom):
        await store.transact(numbered, Boom())
    assert await store.transact(numbered) == 2


async def test_nobody_is_answered_before_commit(store: Store, note: Note, rows: Rows) -> None:
    seen = []

    async def ask(specialist: str) -> None:
        await store.transact(note, specialist)
        name = journal.specialist_chain(specialist)
        seen.append((name,) in rows("SELECT c.name FROM journal j JOIN chains c ON c.id = j.chain"))

    async with anyio.create_task_group() as tasks:
        for n in range(50):
            tasks.start_soon(ask, f"ana-{n}")
    assert seen == [True] * 50


async def test_an_answer_before_commit_is_noticed(store: Store, note: Note, rows: Rows) -> None:
    """Planted: what the check above would see if the writer answered from inside the transaction."""

    def early(tx: Tx) -> list[tuple[object, ...]]:
        note(tx, "ana")
        return rows(COUNT)

    assert await store.transact(early) == [(0,)]


@pytest.mark.parametrize("inline", [False, True], ids=["thread", "inline"])
async def test_a_cancelled_callers_transaction_is_whole_or_absent(folder: Path, note: Note, inline: bool) -> None:
    async with open_store(folder, command="test", now=NOW, inline=inline) as store:
        for moment in range(12):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(store.transact, note, f"ana-{moment}", 2)
                for _ in range(moment):
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
            assert await store.transact(note, "after") == 1
            assert await chain_holds(store, f"ana-{moment}") in (0, 2)
        assert await chain_holds(store, "after") == 12


async def test_a_cancelled_caller_leaves_no_transaction_open(store: Store, note: Note, rows: Rows) -> None:
    async with anyio.create_task_group() as tasks:
        held, release = threading.Event(), threading.Event()
        tasks.start_soon(store.transact, hold, held, release)
        tasks.start_soon(store.transact, note, "ana")
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
        release.set()
    await store.transact(note, "bo")
    assert rows("BEGIN IMMEDIATE") == []  # another connection may write at once
    rows("ROLLBACK")


async def test_closing_commits_what_waits(folder: Path, note: Note, rows: Rows) -> None:
    async with open_store(folder, command="test", now=NOW) as store:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(store.transact, note, "ana")
            await anyio.wait_all_tasks_blocked()
            tasks.cancel_scope.cancel()
    assert rows(COUNT) == [(1,)]


async def test_the_one_that_was_taken_over_writes_no_more(store: Store, note: Note, folder: Path, rows: Rows) -> None:
    await store.transact(note, "ana")
    rows("UPDATE meta SET value = value + 1 WHERE key = 'epoch'")
    with pytest.raises(EpochLost):
        await store.transact(note, "ana")
    assert rows(COUNT) == [(1,)]


async def test_every_open_is_a_new_epoch(folder: Path) -> None:
    epochs = []
    for _ in range(3):
        async with open_store(folder, command="test", now=NOW) as store:
            epochs.append(store.epoch)
    assert epochs == [1, 2, 3]


async def test_a_function_that_surprises_the_writer_ends_only_itself(store: Store, note: Note) -> None:
    """One that leaves the transaction behind the writer's back: the writer must live on."""

    def leave(tx: Tx) -> None:
        tx.execute("ROLLBACK")
        raise Boom

    with pytest.raises(Boom):
        await store.transact(leave)
    assert await store.transact(note, "ana") == 1
    assert await chain_holds(store, "ana") == 1


async def test_whoever_comes_after_the_end_is_answered(tmp_path: Path, note: Note) -> None:
    async with open_store(tmp_path, command="test", now=NOW) as store:
        assert await store.transact(note, "ana") == 1
    with pytest.raises(StoreError, match="closed"):
        await store.transact(note, "ana")


async def test_where_the_writer_itself_breaks_nobody_waits_for_ever(
    store: Store, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(Committer, "commit", lambda committer, group: 1 / 0)
        with pytest.raises(StoreUnknown, match="ZeroDivisionError"):
            await store.transact(note, "ana")
    assert await store.transact(note, "ana") == 1


async def test_readers_see_what_is_committed_at_once(store: Store, note: Note) -> None:
    for n in range(1, 20):
        await store.transact(note, "ana")
        assert await store.one(COUNT) == (n,)


async def test_first_reads_may_come_together(folder: Path, note: Note) -> None:
    async with open_store(folder, command="test", now=NOW) as store:
        counts = []

        async def read() -> None:
            counts.append(await store.one(COUNT))

        async with anyio.create_task_group() as tasks:
            for _ in range(5):
                tasks.start_soon(read)
        assert counts == [(0,)] * 5


async def test_a_cancelled_first_read_breaks_no_other(folder: Path) -> None:
    for moment in range(4):
        async with open_store(folder, command="test", now=NOW) as store:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(store.one, COUNT)
                for _ in range(moment):
                    await anyio.lowlevel.checkpoint()
                tasks.cancel_scope.cancel()
            assert await store.one(COUNT) == (0,)


async def test_readers_cannot_write(store: Store) -> None:
    with pytest.raises(StoreError, match="readonly"):
        await store.all("DELETE FROM journal")
