"""The journal's chains: one changed byte is found, wherever it is and whenever it is looked at."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import anyio.to_thread
import pytest
from hypothesis import given
from hypothesis import strategies as st

from platos.core.chain import GENESIS, link
from platos.core.event import ChainSealed, RunOpened
from platos.errors import StoreCorrupt
from platos.store import Store, Tx, journal, open_store, verify
from platos.store.database import NAME
from platos.store.verify import verify_chain

Note = Callable[..., int]
Rows = Callable[[str], list[tuple[object, ...]]]

NOW = 1_790_000_000_000_000


def change(folder: Path, sql: str) -> None:
    """What a damaged disk, or a person with an editor, would do."""
    with closing(sqlite3.connect(folder / NAME)) as connection:
        connection.execute(sql)
        connection.commit()


async def write_three(folder: Path, note: Callable[..., int]) -> None:
    async with open_store(folder, command="test", now=NOW) as store:
        await store.transact(note, "ana", 3)


async def open_again(folder: Path) -> None:
    async with open_store(folder, command="test", now=NOW):
        pass


FLIPPED = "UPDATE journal SET body = replace(body, '2 of 3', '2 0f 3') WHERE n = 2"


@pytest.mark.parametrize(
    "damage",
    [
        FLIPPED,
        "UPDATE journal SET hash = zeroblob(32) WHERE n = 2",
        "DELETE FROM journal WHERE n = 2",
        "DELETE FROM journal WHERE n = 1",
        "UPDATE journal SET n = n + 1 WHERE n = 3",
    ],
)
async def test_damage_is_found_at_open(folder: Path, note: Note, damage: str) -> None:
    await write_three(folder, note)
    change(folder, damage)
    with pytest.raises(StoreCorrupt, match="specialist:ana"):
        await open_again(folder)


async def test_a_damaged_file_is_not_changed(folder: Path, note: Note) -> None:
    await write_three(folder, note)
    change(folder, FLIPPED)
    before = (folder / NAME).read_bytes()
    with pytest.raises(StoreCorrupt):
        await open_again(folder)
    assert (folder / NAME).read_bytes() == before


async def test_what_was_verified_is_not_verified_at_every_open(folder: Path, note: Note) -> None:
    await write_three(folder, note)
    await open_again(folder)
    with closing(sqlite3.connect(folder / NAME, check_same_thread=False)) as connection:
        assert await anyio.to_thread.run_sync(verify.verify_new, Tx(connection)) == 0


async def test_damage_behind_the_mark_is_found_when_the_chain_is_read(folder: Path, note: Note) -> None:
    await write_three(folder, note)
    await open_again(folder)
    change(folder, FLIPPED)
    async with open_store(folder, command="test", now=NOW) as store:
        with pytest.raises(StoreCorrupt, match="entry 2"):
            await journal.events(store, journal.specialist_chain("ana"))


async def test_a_damaged_payload_is_found(store: Store, rows: Rows) -> None:
    digest = await store.transact(journal.put_payload, b"a definition")
    assert await journal.get_payload(store, digest) == b"a definition"
    rows("UPDATE payloads SET content = x'00'")
    with pytest.raises(StoreCorrupt, match=digest[:12]):
        await journal.get_payload(store, digest)


async def test_a_damaged_page_is_damage_and_no_crash(folder: Path, note: Note) -> None:
    await write_three(folder, note)
    file = folder / NAME
    content = bytearray(file.read_bytes())
    content[4096:] = b"\x55" * (len(content) - 4096)
    file.write_bytes(content)
    with pytest.raises(StoreCorrupt):
        await open_again(folder)


def chain_of(bodies: list[bytes]) -> list[tuple[int, bytes, bytes]]:
    entries, digest = [], GENESIS
    for n, body in enumerate(bodies, start=1):
        digest = link(digest, body)
        entries.append((n, body, digest))
    return entries


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=1, max_size=8), st.data())
def test_one_flipped_bit_anywhere_is_found(bodies: list[bytes], data: st.DataObject) -> None:
    entries = chain_of(bodies)
    verify_chain("c", entries)
    at = data.draw(st.integers(0, len(entries) - 1))
    n, body, digest = entries[at]
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    flipped = bytearray(body)
    flipped[bit // 8] ^= 1 << bit % 8
    entries[at] = (n, bytes(flipped), digest)
    with pytest.raises(StoreCorrupt):
        verify_chain("c", entries)


@given(st.lists(st.binary(min_size=1, max_size=20), min_size=2, max_size=8))
def test_a_link_that_forgets_what_came_before_is_noticed(bodies: list[bytes]) -> None:
    """Planted: a digest over the entry alone. Entries could then be swapped, and the check must tell."""
    entries = [(n, body, sha256(body).digest()) for n, body in enumerate(bodies, start=1)]
    with pytest.raises(StoreCorrupt):
        verify_chain("c", entries)


def opened_and_sealed(tx: Tx) -> None:
    definition = journal.put_payload(tx, b"{}")
    tx.record(journal.run_chain(1), RunOpened(at=NOW, run=1, specialist="ana", definition=definition, items=()))
    journal.seal(tx, journal.run_chain(1), NOW)


async def test_sealing_keeps_a_chains_length_and_end_in_the_systems_chain(store: Store) -> None:
    await store.transact(opened_and_sealed)
    (_, _, head), *_ = await journal.chain(store, journal.run_chain(1))
    (sealed,) = await journal.events(store, journal.SYSTEM)
    assert isinstance(sealed, ChainSealed)
    assert (sealed.name, sealed.length, sealed.head) == ("r1", 1, head.hex())
