"""Quiet wake-ups in the store: each row moves on once, and only where it is as it was when it was read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from platos.core.instant import MINUTE
from platos.store import Store, Tx, cursors, open_store, quiet, specialists
from platos.store.journal import put_payload
from platos.store.quiet import Claim, Quiet, Read

DUE, SLOT = 15 * MINUTE, 15 * MINUTE


def _put(tx: Tx, count: int) -> str:
    digest = put_payload(tx, b"{}")
    for number in range(count):
        specialists.put(tx, f"s{number:03}", digest, DUE)
    return digest


async def woken(store: Store, *, count: int = 1, read: Read | None = None, due: int = DUE, digest: str = "") -> None:
    made = await store.transact(_put, 0)
    claims = [Claim(row.id, due, digest or made, 0) for row in (await specialists.every(store))[:count]]
    moved = [Quiet(f"s{at:03}", claim, SLOT, DUE + SLOT, DUE, (), read) for at, claim in enumerate(claims)]
    await store.transact(quiet.advance, moved)


@pytest.mark.parametrize("count", [1, 3, 5, 85, 600])
async def test_however_many_each_moves_on_once(tmp_path: Path, count: int) -> None:
    async with open_store(tmp_path, command="test", now=1) as store:
        await store.transact(_put, count)
        for _ in range(2):  # a transaction may run twice
            await woken(store, count=count, read=Read("feed", b"1", None))
        rows = await specialists.every(store)
        found = [await cursors.of(store, row.name) for row in rows]
    assert [(row.due, row.last_slot, row.wakes, row.quiet) for row in rows] == [(DUE + SLOT, SLOT, 1, 1)] * count
    assert [each["feed"].position for each in found] == [b"1"] * count


@pytest.mark.parametrize("other", [{"due": DUE + MINUTE}, {"digest": "another"}])
async def test_what_is_not_as_it_was_is_let_be(tmp_path: Path, other: dict[str, Any]) -> None:
    async with open_store(tmp_path, command="test", now=1) as store:
        await store.transact(_put, 1)
        await woken(store, read=Read("feed", b"1", None), **other)
        [row] = await specialists.every(store)
        assert (row.due, row.wakes) == (DUE, 0)
        assert await cursors.of(store, "s000") == {}


@pytest.mark.parametrize(("before", "position"), [(None, b"2"), (b"1", b"2"), (b"2", b"3")])
async def test_a_cursor_that_somebody_else_has_moved_stays(
    tmp_path: Path, before: bytes | None, position: bytes
) -> None:
    async with open_store(tmp_path, command="test", now=1) as store:
        await store.transact(_put, 1)
        await store.transact(cursors.put, "s000", "feed", b"2")
        await woken(store, read=Read("feed", b"3", before))
        [row] = await specialists.every(store)
        assert row.quiet == 1
        assert (await cursors.of(store, "s000"))["feed"].position == position
