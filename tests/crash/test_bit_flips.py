"""One flipped bit, anywhere in a state file: it is found, or it means nothing. And what is found is not written to.

A bit that is not found must lie where nothing is kept: every row of every table is then what it was, and so is the
schema. (That indexes hold their rows is part of the verification.)
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import anyio
import pytest

from platos.errors import StoreCorrupt, StoreNewer
from platos.store import open_store, sound
from platos.store.database import NAME
from platos.store.sound import examine
from tests.store.busy import make_busy

RecordCases = Callable[[str, int], None]

SLICE, WHOLE, SEED = 20, 300, 20261123
NOW = 1_790_000_000_000_000
_SCHEMA = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name"


class Original(NamedTuple):
    """A state file that nothing has happened to, and what it says."""

    content: bytes
    meaning: list[Any]


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Original:
    folder = tmp_path_factory.mktemp("busy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "xdg"))
        state = anyio.run(make_busy, folder / "w")
    assert not (state / f"{NAME}-wal").exists(), "all of it is in the file"
    return Original((state / NAME).read_bytes(), meaning_of(state / NAME))


def meaning_of(path: Path) -> list[Any]:
    """The schema, and every row of every table."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes  # a flipped bit in a text leaves what is no UTF-8
        schema = connection.execute(_SCHEMA).fetchall()
        tables = [name.decode() for kind, name, *_ in schema if kind == b"table"]
        return [schema, *(repr(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in tables)]  # noqa: S608


async def flip(original: Original, folder: Path, chance: Random) -> bool:
    """Flip a bit somewhere; whether that was found. Fails where it was not, and something means something else."""
    place, bit = chance.randrange(len(original.content)), chance.randrange(8)
    flipped = bytearray(original.content)
    flipped[place] ^= 1 << bit
    path = folder / NAME
    path.write_bytes(flipped)
    try:
        await anyio.to_thread.run_sync(examine, folder)
    except StoreCorrupt:
        await refuses_to_write(folder, bytes(flipped))
        return True
    assert meaning_of(path) == original.meaning, f"bit {bit} of byte {place}"
    return False


async def refuses_to_write(folder: Path, content: bytes) -> None:
    with pytest.raises((StoreCorrupt, StoreNewer)):
        async with open_store(folder, command="test", now=NOW):
            pass
    assert (folder / NAME).read_bytes() == content
    assert (folder / f"{NAME}-wal").stat().st_size == 0


async def flips(original: Original, tmp_path: Path, count: int) -> int:
    """Flip that many bits, one at a time; how many were found."""
    chance, found = Random(SEED), 0
    for number in range(count):
        folder = tmp_path / str(number)
        folder.mkdir()
        found += await flip(original, folder, chance)
        for path in folder.iterdir():
            path.unlink()
    return found


async def test_some_flipped_bits_are_found_or_mean_nothing(
    original: Original, tmp_path: Path, record_cases: RecordCases
) -> None:
    assert 0 < await flips(original, tmp_path, SLICE) < SLICE
    record_cases("bit flips", SLICE)


@pytest.mark.exhaustive
@pytest.mark.timeout(900)
async def test_flipped_bits_are_found_or_mean_nothing(
    original: Original, tmp_path: Path, record_cases: RecordCases
) -> None:
    assert await flips(original, tmp_path, WHOLE) > WHOLE / 10
    record_cases("bit flips", WHOLE)


async def test_verification_that_looks_at_pages_alone_is_noticed(
    original: Original, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Planted: only what SQLite itself finds."""
    monkeypatch.setattr(sound, "_SLICES", ())
    monkeypatch.setattr(sound, "verify_seals", lambda connection: None)
    monkeypatch.setattr(sound, "verify_projections", lambda connection: None)
    with pytest.raises(AssertionError, match="of byte"):
        await flips(original, tmp_path, WHOLE)
