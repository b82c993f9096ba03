"""Quarantine: what was found to be damaged is not written any more, until all of it has been verified."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import anyio.to_thread
import pytest

from platos.core.instant import SECOND
from platos.errors import StoreCorrupt
from platos.store import open_store, read_store
from platos.store.damage import FILE, Damage, damage_in, quarantine
from platos.store.database import NAME
from platos.store.sound import examine

from .test_verify import FLIPPED, NOW, change, open_again, write_three

Note = Callable[..., int]


async def noted(folder: Path) -> Damage:
    """What the note in the folder says."""
    damage = await anyio.to_thread.run_sync(damage_in, folder)
    assert damage is not None
    return damage


async def found(folder: Path) -> None:
    """Damage in a state that is sound."""
    await anyio.to_thread.run_sync(quarantine, folder, StoreCorrupt("a bit is wrong", where="there"))


async def test_damage_that_is_found_at_open_begins_a_quarantine(folder: Path, note: Note) -> None:
    await write_three(folder, note)
    change(folder, FLIPPED)
    with pytest.raises(StoreCorrupt):
        await open_again(folder)
    assert "entry 2" in (await noted(folder)).what


async def test_in_quarantine_nothing_opens_the_state_for_writing(folder: Path, note: Note) -> None:
    await write_three(folder, note)
    await found(folder)
    before = (folder / NAME).read_bytes()
    with pytest.raises(StoreCorrupt, match="a bit is wrong") as refusal:
        await open_again(folder)
    assert "platos restore FILE" in refusal.value.hint
    assert "platos doctor --state" in refusal.value.hint
    assert (folder / NAME).read_bytes() == before


async def test_in_quarantine_the_state_can_be_read(folder: Path, note: Note) -> None:
    await write_three(folder, note)
    await found(folder)
    async with read_store(folder) as store:
        assert await store.one("SELECT count(*) FROM journal") == (3,)


async def test_the_first_finding_stays(folder: Path) -> None:
    await found(folder)
    await anyio.to_thread.run_sync(quarantine, folder, StoreCorrupt("something else"))
    assert (await noted(folder))[:2] == ("a bit is wrong", "there")


async def test_a_sound_state_is_let_go(folder: Path, note: Note) -> None:
    await write_three(folder, note)
    await found(folder)
    assert await anyio.to_thread.run_sync(examine, folder)
    await open_again(folder)


async def test_a_damaged_state_is_not_let_go(folder: Path, note: Note) -> None:
    await write_three(folder, note)
    change(folder, FLIPPED)
    await found(folder)
    with pytest.raises(StoreCorrupt):
        await anyio.to_thread.run_sync(examine, folder)
    assert (folder / FILE).exists()


async def test_when_it_was_found_is_told(folder: Path) -> None:
    await found(folder)
    os.utime(folder / FILE, (NOW / SECOND, NOW / SECOND))
    with pytest.raises(StoreCorrupt, match="2026-09-21T"):
        await open_again(folder)


async def test_a_note_that_cannot_be_read_is_a_quarantine_too(folder: Path) -> None:
    (folder / FILE).write_bytes(b"{")
    with pytest.raises(StoreCorrupt, match="cannot be read"):
        async with open_store(folder, command="test", now=NOW):
            pass
