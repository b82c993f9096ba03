"""The power fails, at any moment: nothing that was answered is lost, and no transaction is there in part.

The store's own writer commits groups on a disk that is watched (`vfs.py`). For every moment of that disk's life, states
in which a power loss may have left it are rebuilt (`power.py`) and opened as the product opens them. What is then there
must be what stood after a group that had been answered, or after the one then on its way, to the byte of every row.

What was recorded was written by apsw's SQLite; what opens the states is the one that Python has.
"""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from platos.errors import StoreError
from platos.store import open_store
from tests.crash.connection import Connection, Rows, Values
from tests.crash.recording import Recording, State, rebuild, record, states_of
from tests.crash.workload import NOW, check_whole, content, made, open_run, put

SEED, SLICE, WHOLE = 20261121, 400, 20_000
PLANTED = 150
"""States in which a planted bug must show."""

RecordCases = Callable[[str, int], None]


class Normal(Connection):
    """Planted: a connection with `synchronous=NORMAL` that says it was FULL."""

    def execute(self, sql: str, values: Values = ()) -> Rows:
        said = {"PRAGMA synchronous = FULL": "PRAGMA synchronous = NORMAL", "PRAGMA synchronous": "SELECT 2"}
        return super().execute(said.get(sql, sql), values)


class Hasty(Connection):
    """Planted: a connection that says COMMIT was done, and does it before the next transaction."""

    _owed = False

    @property
    def in_transaction(self) -> bool:
        return super().in_transaction and not self._owed

    def execute(self, sql: str, values: Values = ()) -> Rows:
        if self._owed:
            super().execute("COMMIT")
        self._owed = sql == "COMMIT"
        return super().execute("SELECT 1" if self._owed else sql, values)


async def found_in(files: dict[str, bytes], folder: Path) -> str:
    """Start again on what a power loss left, and go on: what was there, or what is wrong with it."""
    try:
        async with open_store(put(files, folder), command="test", now=NOW, inline=True) as store:
            await store.transact(check_whole)
            found = await store.transact(content)
            await store.transact(open_run, "after", 10)
            return found
    except (AssertionError, StoreError, sqlite3.Error) as error:
        return f"{type(error).__name__}: {error}"


async def losses(told: Recording, states: list[State], place: Path) -> dict[State, str]:
    """The states that hold anything but what they may, and what they hold."""
    lost = {}
    for n, (state, files) in enumerate(rebuild(told, states, SEED)):
        found = await found_in(files, place / f"{n}")
        if found not in told.allowed(state.moment):
            lost[state] = found
        shutil.rmtree(place / f"{n}")
    return lost


def some_of(told: Recording, count: int) -> list[State]:
    return sorted(Random(SEED).sample(states_of(told, WHOLE), count))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return made(tmp_path / "recorded")


async def test_the_recording_has_all_that_can_be_lost(folder: Path) -> None:
    """Logs and their resets, checkpoints, a log that is deleted and made again; and answers all along."""
    told = await record(folder)
    assert {(call.kind, call.file) for call in told.calls} >= {
        ("create", "platos.db-journal"),
        ("delete", "platos.db-journal"),
        ("create", "platos.db-wal"),
        ("write", "platos.db-wal"),
        ("sync", "platos.db-wal"),
        ("delete", "platos.db-wal"),
        ("write", "platos.db"),
        ("sync", "platos.db"),
        ("truncate", "platos.db"),
    }
    assert sum(call.kind == "write" and call.file == "platos.db-wal" and not call.offset for call in told.calls) > 4
    assert len({answer.content for answer in told.answers}) == len(told.answers) - 1  # the second life begins as it was


async def test_what_was_answered_survives_some_power_losses(
    folder: Path, tmp_path: Path, record_cases: RecordCases
) -> None:
    told = await record(folder)
    states = some_of(told, SLICE)
    assert await losses(told, states, tmp_path) == {}
    record_cases("power losses", len(states))


@pytest.mark.exhaustive
@pytest.mark.timeout(1_800)
async def test_what_was_answered_survives_a_power_loss_at_any_moment(
    folder: Path, tmp_path: Path, record_cases: RecordCases
) -> None:
    told = await record(folder)
    states = states_of(told, WHOLE)
    assert await losses(told, states, tmp_path) == {}
    assert len(states) >= WHOLE
    record_cases("power losses", len(states))


@pytest.mark.parametrize("planted", [Normal, Hasty])
async def test_an_answer_before_the_disk_has_it_is_noticed(
    folder: Path, tmp_path: Path, planted: type[Connection]
) -> None:
    told = await record(folder, planted)
    lost = await losses(told, some_of(told, PLANTED), tmp_path)
    assert {answer.content for answer in told.answers} & set(lost.values()), "no state has lost what was answered"
