"""Putting a backup back: nothing is deleted, nothing is half done, and nothing goes on by itself."""

from __future__ import annotations

import stat
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import anyio.to_thread
import pytest

from platos.errors import NotFound, StoreBusy, StoreCorrupt, StoreNewer, UsageError
from platos.store import Tx, durable, open_store, pauses, read_store
from platos.store.backup import Copy, back_up
from platos.store.damage import damage_in, quarantine
from platos.store.database import NAME, VERSION
from platos.store.restore import Restored, restore

from .test_verify import FLIPPED, NOW, change, write_three

Note = Callable[..., int]


class Cut(Exception):
    """The power is gone."""


def pause(tx: Tx) -> None:
    pauses.pause(tx, pauses.EVERYTHING, "restored", "person:ana", NOW)


async def backed_up(folder: Path, **options: bool) -> Copy:
    take = partial(back_up, folder, folder.parent / "monday.platos", **options)
    return await anyio.to_thread.run_sync(take)


async def put_back(folder: Path) -> Restored:
    return await anyio.to_thread.run_sync(restore, folder, folder.parent / "monday.platos", NOW, pause)


async def epoch_of(folder: Path) -> int:
    """The epoch that a process begins which opens the state."""
    async with open_store(folder, command="test", now=NOW) as store:
        return store.epoch


async def written(folder: Path) -> int:
    """How many entries specialists' chains have."""
    async with read_store(folder) as store:
        row = await store.one("SELECT count(*) FROM journal j JOIN chains c ON c.id = j.chain WHERE c.name <> 'system'")
    assert row is not None
    return int(row[0])


@pytest.fixture
async def monday(folder: Path, note: Note) -> Copy:
    """A backup of three entries; the state goes on to have six."""
    await write_three(folder, note)
    copy = await backed_up(folder)
    await write_three(folder, note)
    return copy


async def test_what_was_backed_up_is_in_force_again(folder: Path, monday: Copy) -> None:
    done = await put_back(folder)
    assert await written(folder) == 3
    assert await written(done.before) == 6


async def test_everything_is_paused_after_a_restore(folder: Path, monday: Copy) -> None:
    await put_back(folder)
    async with read_store(folder) as store:
        paused = await pauses.every(store)
    assert paused[pauses.EVERYTHING].why == "restored"


async def test_a_backup_tells_what_it_holds(monday: Copy) -> None:
    assert (monday.runs, monday.last, monday.size) == (0, NOW, monday.path.stat().st_size)


async def test_a_backup_is_its_owners_alone(monday: Copy) -> None:
    assert stat.S_IMODE(monday.path.stat().st_mode) == 0o600


async def test_a_backup_is_not_written_over(folder: Path, monday: Copy) -> None:
    with pytest.raises(UsageError, match="already") as refusal:
        await backed_up(folder)
    assert "--force" in refusal.value.hint
    await backed_up(folder, force=True)


async def test_where_nothing_has_run_there_is_nothing_to_back_up(folder: Path) -> None:
    with pytest.raises(NotFound):
        await backed_up(folder)


async def test_a_damaged_state_gives_no_backup(folder: Path, note: Note) -> None:
    await write_three(folder, note)
    change(folder, FLIPPED)
    with pytest.raises(StoreCorrupt):
        await backed_up(folder)
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


async def test_a_state_in_use_is_not_replaced(folder: Path, monday: Copy) -> None:
    async with open_store(folder, command="up", now=NOW):
        with pytest.raises(StoreBusy, match="platos up"):
            await put_back(folder)
    assert await written(folder) == 6


async def test_a_damaged_backup_is_refused_and_nothing_is_changed(folder: Path, monday: Copy, tmp_path: Path) -> None:
    monday.path.rename(tmp_path / NAME)
    change(tmp_path, FLIPPED)
    (tmp_path / NAME).rename(monday.path)
    before = (folder / NAME).read_bytes()
    with pytest.raises(StoreCorrupt, match="the backup does not verify"):
        await put_back(folder)
    assert (folder / NAME).read_bytes() == before
    assert await anyio.to_thread.run_sync(damage_in, folder) is None


async def test_a_newer_backup_is_refused(folder: Path, monday: Copy, tmp_path: Path) -> None:
    monday.path.rename(tmp_path / NAME)
    change(tmp_path, f"PRAGMA user_version = {VERSION + 1}")
    (tmp_path / NAME).rename(monday.path)
    with pytest.raises(StoreNewer):
        await put_back(folder)


async def test_a_backup_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(NotFound):
        await put_back(folder)


async def test_no_epoch_is_begun_twice(folder: Path, monday: Copy) -> None:
    for _ in range(5):
        last = await epoch_of(folder)
    await put_back(folder)
    assert await epoch_of(folder) > last


async def test_no_epoch_is_begun_twice_where_the_one_before_cannot_be_read(folder: Path, monday: Copy) -> None:
    epochs = []
    for _ in range(2):
        (folder / NAME).write_bytes(b"a diary, perhaps\n" * 1_000)
        await put_back(folder)
        epochs.append(await epoch_of(folder))
    assert epochs[0] >= 1_000_000


async def test_a_restore_ends_a_quarantine(folder: Path, monday: Copy) -> None:
    await anyio.to_thread.run_sync(quarantine, folder, StoreCorrupt("a bit is wrong"))
    await put_back(folder)
    assert await epoch_of(folder)


async def test_a_state_folder_without_a_state_gets_one(folder: Path, monday: Copy, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    await anyio.to_thread.run_sync(restore, other, monday.path, NOW, pause)
    assert await written(other) == 3


def cut_at(monkeypatch: pytest.MonkeyPatch, number: int) -> Callable[[], int]:
    """The power is cut before that rename or removal of a restore; how many there were."""
    count = 0

    def counted(act: Callable[..., object]) -> Callable[..., object]:
        def acting(*asked: object) -> object:
            nonlocal count
            count += 1
            if count == number:
                raise Cut
            return act(*asked)

        return acting

    monkeypatch.setattr(Path, "rename", counted(Path.rename))
    monkeypatch.setattr(durable, "remove", counted(durable.remove))
    return lambda: count


def leave_a_log(folder: Path) -> None:
    """What a process that was killed leaves beside the state: SQLite would bring it in."""
    (folder / f"{NAME}-wal").write_bytes(b"")


async def test_a_restore_that_is_cut_off_anywhere_leaves_no_half(
    folder: Path, monday: Copy, note: Note, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The state is what it was, or is refused until it is restored; then all that it was is in one folder."""
    refused: list[bool] = []
    while True:
        await write_three(folder, note)
        leave_a_log(folder)
        before = await written(folder)
        with monkeypatch.context() as patch, suppress(Cut):
            steps = cut_at(patch, len(refused) + 1)
            await put_back(folder)
            break
        refused.append(await is_refused(folder))
        assert refused[-1] or await written(folder) == before
        done = await put_back(folder)
        assert await written(folder) == 3
        assert await written(done.before) == before
    assert refused == [False, *[True] * (steps() - 1)]


async def is_refused(folder: Path) -> bool:
    try:
        await epoch_of(folder)
    except StoreCorrupt as error:
        return "a restore was interrupted" in error.what
    return False
