"""The disk refuses the n-th call, for every n: answers stay true, and the writer goes on once the disk does.

The calls are those of the store at work: files opened, read, written, synced, truncated, measured and deleted, of the
database, its log and its journal. A disk refuses one call, or all from one on, or has no more room; it recovers, or it
does not before the store is closed. What is there is read by another SQLite, on the disk as it really is.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest

from platos.errors import StoreError
from platos.store import Store, open_store
from tests.crash.connection import Connection
from tests.crash.faults import Deaf, FailingDisk, Fault, Kind, wrongs
from tests.crash.vfs import sqlite_on
from tests.crash.workload import NOW, check_whole, made, open_run, refuse, together

SEED, SLICE = 20261121, 20
NEVER, OPENING = 1_000_000, 60
"""A call that never comes; and one that comes in every opening of a new store."""

GROUPS = ((1, 10), (4, 200), (1, 30_000), (2, 10), (1, 9_000), (1, 10))
"""How many transactions a group has, and how many bytes a payload."""

RecordCases = Callable[[str, int], None]
Answers = dict[str, object]


async def ask(store: Store, answers: Answers, *jobs: tuple[Any, ...]) -> None:
    """Ask for transactions together, and keep what each was answered, by its name."""
    for (_, name, _), answer in zip(jobs, await together(store, jobs), strict=True):
        answers[name] = answer


async def live(folder: Path, disk: FailingDisk, *, recovers: bool = True) -> Answers:
    """The life of a store whose disk fails in the middle of it; what its callers were answered."""
    answers: Answers = {}
    async with open_store(folder, command="test", now=NOW) as store:
        await ask(store, answers, (open_run, "before", 10))
        disk.armed = True
        for group, (members, size) in enumerate(GROUPS):
            jobs = [(open_run, f"{group}-{n}", size) for n in range(members)]
            await ask(store, answers, *jobs, (refuse, f"{group}-refused", size))
        if recovers:
            disk.armed = False
            await ask(store, answers, (open_run, "after", 10))
    disk.armed = False
    return answers


async def wrong_in(folder: Path, answers: Answers) -> list[str]:
    """What is wrong once the store is opened again by the SQLite that Python has, on a disk that works."""
    async with open_store(folder, command="test", now=NOW, inline=True) as store:
        await store.transact(check_whole)
        return await store.transact(wrongs, answers)


async def wrong_after(
    fault: Fault, folder: Path, *, recovers: bool, connection: type[Connection] = Connection
) -> list[str]:
    """What is wrong after a life on a disk with a fault, or that the store did not go on."""
    disk = FailingDisk(fault)
    with sqlite_on(disk, connection):
        answers = await live(made(folder), disk, recovers=recovers)
    stopped = recovers and answers["after"] != "after"
    return ["it did not go on"] if stopped else await wrong_in(folder, answers)


async def calls_of(kind: Kind, place: Path) -> int:
    """How many calls of a life can fail so, on a disk where none does."""
    disk = FailingDisk(Fault(kind, NEVER))
    with sqlite_on(disk):
        await live(made(place), disk, recovers=False)
    return disk.calls


@pytest.mark.parametrize("recovers", [True, False])
@pytest.mark.parametrize("kind", Kind)
async def test_answers_stay_true_whatever_call_fails(
    tmp_path: Path, record_cases: RecordCases, kind: Kind, recovers: bool
) -> None:
    every = range(1, await calls_of(kind, tmp_path / "whole") + 1)
    chosen = Random(SEED).sample(every, SLICE)
    wrong = {at: await wrong_after(Fault(kind, at), tmp_path / f"{at}", recovers=recovers) for at in chosen}
    assert not any(wrong.values()), wrong
    record_cases("io errors", len(chosen))


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.parametrize("recovers", [True, False])
@pytest.mark.parametrize("kind", Kind)
async def test_answers_stay_true_for_every_call_that_can_fail(
    tmp_path: Path, record_cases: RecordCases, kind: Kind, recovers: bool
) -> None:
    every = range(1, await calls_of(kind, tmp_path / "whole") + 1)
    assert len(every) > 150
    wrong = {at: await wrong_after(Fault(kind, at), tmp_path / f"{at}", recovers=recovers) for at in every}
    assert not any(wrong.values()), wrong
    record_cases("io errors", len(every))


async def test_an_answer_that_the_disk_refused_is_noticed(tmp_path: Path) -> None:
    wrong = [
        await wrong_after(Fault(Kind.FULL, at), tmp_path / f"{at}", recovers=True, connection=Deaf)
        for at in range(1, SLICE)
    ]
    assert any(wrong)


async def refused_opening(fault: Fault, folder: Path) -> int:
    """Open a store on a disk that fails meanwhile; how many calls it refused."""
    disk = FailingDisk(fault)
    disk.armed = True
    with sqlite_on(disk), suppress(StoreError):
        async with open_store(folder, command="test", now=NOW):
            disk.armed = False
    return disk.refused


async def refused_twice(fault: Fault, folder: Path) -> int:
    """How many calls were refused as a file was made and as it was opened again; each time it opens afterwards."""
    refused = await refused_opening(fault, made(folder))
    async with open_store(folder, command="test", now=NOW) as store:
        await store.transact(open_run, "before", 10)
    refused += await refused_opening(fault, folder)
    assert await wrong_in(folder, {"before": "before"}) == []
    return refused


@pytest.mark.parametrize("kind", Kind)
async def test_a_store_that_could_not_be_opened_can_be_opened_later(
    tmp_path: Path, record_cases: RecordCases, kind: Kind
) -> None:
    for at in Random(SEED).sample(range(1, OPENING), SLICE):
        assert await refused_twice(Fault(kind, at), tmp_path / f"{at}")
    record_cases("io errors", 2 * SLICE)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", Kind)
async def test_a_store_that_could_not_be_opened_whatever_failed_can_be_opened_later(
    tmp_path: Path, record_cases: RecordCases, kind: Kind
) -> None:
    at = 1
    while await refused_twice(Fault(kind, at), tmp_path / f"{at}"):
        at += 1
    assert at > OPENING
    record_cases("io errors", 2 * (at - 1))
