"""Backups while a writer writes as fast as it can: each restores and verifies, and holds all that was acknowledged
before it began.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest

from platos.core.event import SourceFailed
from platos.errors import StoreError
from platos.store import Store, Tx, journal, open_store, pauses, read_store
from platos.store.backup import back_up
from platos.store.database import NAME
from platos.store.restore import restore

RecordCases = Callable[[str, int], None]
BackUp = Callable[[Path, Path], object]

SLICE, WHOLE = 5, 50
WRITERS = 16
NOW = 1_790_000_000_000_000


class Writers:
    """They write without a pause; `acknowledged` is how many transactions each has been told of."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.acknowledged = [0] * WRITERS

    async def write(self, writer: int) -> None:
        while True:
            await self._store.transact(one_entry, writer, self.acknowledged[writer] + 1)
            self.acknowledged[writer] += 1


def one_entry(tx: Tx, writer: int, number: int) -> None:
    name = f"w{writer}"
    event = SourceFailed(at=NOW + number, specialist=name, source="s", where="w", why="x" * 200)
    tx.record(journal.specialist_chain(name), event)


async def entries(folder: Path) -> list[int]:
    """How many entries each writer's chain has in a state folder."""
    async with read_store(folder) as store:
        rows = await store.all("SELECT c.name, max(j.n) FROM chains c JOIN journal j ON j.chain = c.id GROUP BY 1")
    counts: dict[str, int] = dict(rows)
    return [counts.get(journal.specialist_chain(f"w{writer}"), 0) for writer in range(WRITERS)]


async def restored(backup: Path, folder: Path) -> Path:
    """A state folder in which the backup is in force; a process has opened it, and so has verified it again."""
    await anyio.Path(folder).mkdir()
    pause = partial(pauses.pause, name=pauses.EVERYTHING, why="restored", by="person:ana", now=NOW)
    await anyio.to_thread.run_sync(restore, folder, backup, NOW, pause)
    async with open_store(folder, command="test", now=NOW):
        pass
    return folder


async def backups_under_load(tmp_path: Path, count: int, back_up: BackUp) -> None:
    """Take backups while others write; fails where one does not hold what was acknowledged before it began."""
    state = tmp_path / "state"
    await anyio.Path(state).mkdir()
    taken: list[tuple[Path, list[int]]] = []
    async with open_store(state, command="test", now=NOW) as store, anyio.create_task_group() as tasks:
        writers = Writers(store)
        for writer in range(WRITERS):
            tasks.start_soon(writers.write, writer)
        for number in range(count):
            await anyio.sleep(0.05)
            taken.append((tmp_path / f"{number}.platos", writers.acknowledged[:]))
            await anyio.to_thread.run_sync(back_up, state, taken[-1][0])
        tasks.cancel_scope.cancel()
    for number, (backup, acknowledged) in enumerate(taken):
        held = await entries(await restored(backup, tmp_path / f"r{number}"))
        assert all(has >= told for has, told in zip(held, acknowledged, strict=True)), "acknowledged, and not in it"
    assert sum(taken[-1][1]) > sum(taken[0][1]) > 0, "they wrote meanwhile"


async def test_some_backups_under_load_restore(tmp_path: Path, record_cases: RecordCases) -> None:
    await backups_under_load(tmp_path, SLICE, back_up)
    record_cases("backups", SLICE)


@pytest.mark.exhaustive
@pytest.mark.timeout(1_200)
async def test_backups_under_load_restore(tmp_path: Path, record_cases: RecordCases) -> None:
    await backups_under_load(tmp_path, WHOLE, back_up)
    record_cases("backups", WHOLE)


async def test_a_copy_of_the_file_is_noticed(tmp_path: Path) -> None:
    """Planted: the file is copied, as one copies files."""

    def copy_file(folder: Path, backup: Path) -> object:
        return shutil.copyfile(folder / NAME, backup)

    with pytest.raises((AssertionError, StoreError)):
        await backups_under_load(tmp_path, SLICE, copy_file)
