"""The file itself: its settings, who may open it, and what is refused."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, closing
from pathlib import Path

import anyio.to_thread
import pytest

from platos.config.workspace import Workspace
from platos.errors import NotFound, StoreCorrupt, StoreError, StoreNewer
from platos.store import ReadStore, Store, Tx, open_store, owning, read_inline, read_store
from platos.store.database import NAME, VERSION
from platos.store.owning import connect

Note = Callable[..., int]

NOW = 1_790_000_000_000_000
READS = [pytest.param(read_store, id="beside a loop"), pytest.param(read_inline, id="inline")]


Read = Callable[[Path], AbstractAsyncContextManager[ReadStore]]


async def read_and_close(read: Read, folder: Path) -> object:
    """How long the journal is."""
    async with read(folder) as store:
        return await store.one("SELECT count(*) FROM journal")


async def open_and_close(folder: Path) -> None:
    async with open_store(folder, command="test", now=NOW):
        pass


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != "lock"}


@pytest.mark.parametrize(
    ("question", "answer"),
    [("PRAGMA journal_mode", "wal"), ("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1)],
)
async def test_the_writer_is_durable(store: Store, question: str, answer: object) -> None:
    def ask(tx: Tx) -> object:
        return tx.all(question)[0][0]

    assert await store.transact(ask) == answer


def test_synchronous_normal_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted: a setting that does not take."""
    hasty = tuple((made.replace("FULL", "NORMAL"), asked, want) for made, asked, want in owning._SETTINGS)
    monkeypatch.setattr(owning, "_SETTINGS", hasty)
    with pytest.raises(StoreError, match="synchronous"):
        connect(folder / NAME)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o777], ids=oct)
async def test_only_the_owner_may_open_the_files_whatever_the_umask(tmp_path: Path, umask: int, note: Note) -> None:
    before = os.umask(umask)
    try:
        state = await anyio.to_thread.run_sync(Workspace(tmp_path).prepare_state)
        async with open_store(state, command="test", now=NOW) as store:
            await store.transact(note, "ana")
            modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in state.iterdir()}
    finally:
        os.umask(before)
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert modes == dict.fromkeys((NAME, f"{NAME}-wal", f"{NAME}-shm", "lock"), 0o600)


async def test_a_file_that_was_open_to_others_is_made_private(folder: Path) -> None:
    await open_and_close(folder)
    (folder / NAME).chmod(0o644)
    await open_and_close(folder)
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", ["wal", "delete"])
async def test_a_newer_version_is_refused_and_nothing_is_changed(folder: Path, mode: str) -> None:
    await open_and_close(folder)
    with closing(sqlite3.connect(folder / NAME)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
        connection.execute(f"PRAGMA journal_mode = {mode}")
    before = (folder / NAME).read_bytes()
    with pytest.raises(StoreNewer, match=str(VERSION + 1)):
        await open_and_close(folder)
    assert (folder / NAME).read_bytes() == before


@pytest.mark.parametrize("read", READS)
async def test_a_newer_version_cannot_be_read_either(folder: Path, read: Read) -> None:
    await open_and_close(folder)
    with closing(sqlite3.connect(folder / NAME)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    with pytest.raises(StoreNewer):
        await read_and_close(read, folder)


async def test_what_is_no_database_is_refused_and_not_changed(folder: Path) -> None:
    (folder / NAME).write_bytes(b"a diary, perhaps\n" * 100)
    before = content(folder)
    with pytest.raises(StoreCorrupt):
        await open_and_close(folder)
    assert before.items() <= content(folder).items()


@pytest.mark.parametrize("read", READS)
async def test_what_is_no_database_cannot_be_read(folder: Path, read: Read) -> None:
    (folder / NAME).write_bytes(b"a diary, perhaps\n" * 100)
    with pytest.raises(StoreCorrupt):
        await read_and_close(read, folder)


@pytest.mark.parametrize("read", READS)
async def test_what_cannot_be_opened_cannot_be_read(folder: Path, read: Read) -> None:
    (folder / NAME).mkdir()
    with pytest.raises(StoreError):
        await read_and_close(read, folder)


async def test_a_file_that_cannot_be_opened_leaves_no_thread_that_answers_later(folder: Path) -> None:
    (folder / NAME).mkdir()
    with pytest.raises(StoreError):
        await read_and_close(read_store, folder)
    assert not [each.name for each in threading.enumerate() if "connection_worker" in each.name]


@pytest.mark.parametrize("read", READS)
async def test_where_nothing_has_run_there_is_nothing_to_read(folder: Path, read: Read) -> None:
    with pytest.raises(NotFound):
        await read_and_close(read, folder)


@pytest.mark.parametrize("read", READS)
async def test_others_read_while_one_writes(store: Store, note: Note, folder: Path, read: Read) -> None:
    await store.transact(note, "ana")
    assert await read_and_close(read, folder) == (1,)
