"""Verification of everything: damage in any table is found, and no table and no column is passed over."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import anyio
import pytest

from platos.core.instant import SECOND
from platos.errors import StoreCorrupt, StoreError
from platos.store import rebuild, sound
from platos.store.damage import damage_in
from platos.store.database import NAME
from platos.store.rows import VOUCHED
from platos.store.sound import FIRST, Place, examine, verify_file, verify_some
from platos.store.sql import load, script

from .busy import make_busy

SQL = load("verify")
FEW = 7

DAMAGE = {
    "accounts": "UPDATE accounts SET cap = cap + 1",
    "audits": "UPDATE audits SET chance = chance / 2",
    "always": "UPDATE always SET expires = expires + 1",
    "answers": "UPDATE answers SET made = made + 1",
    "autopilots": "UPDATE autopilots SET state = 'off'",
    "breakers": "UPDATE breakers SET cause = 'the key is wrung'",
    "chains": "UPDATE chains SET sealed = 1 - sealed WHERE name = 'r1'",
    "contents": "UPDATE contents SET body = CAST(replace(CAST(body AS TEXT), 'quartz', 'quarts') AS BLOB)",
    "counters": "UPDATE counters SET last = last + 64 WHERE name = 'run'",
    "cursors": "UPDATE cursors SET failures = failures + 1",
    "decisions": "UPDATE decisions SET answer = 'approved' WHERE answer = 'denied'",
    "effects": "UPDATE effects SET tool = 'mailbox'",
    "evidence": "UPDATE evidence SET kind = 'fact'",
    "frozen": "UPDATE frozen SET why = 'because'",
    "gates": "UPDATE gates SET decider = ''",
    "items": "UPDATE items SET state = 'dismissed' WHERE state = 'signal'",
    "journal": "UPDATE journal SET body = CAST(replace(CAST(body AS TEXT), 'rules', 'Rules') AS BLOB)",
    "labels": "UPDATE labels SET signal = 1 - signal",
    "matters": "UPDATE matters SET due = due + 1",
    "memories": "UPDATE memories SET value = zeroblob(length(value))",
    "meta": "UPDATE meta SET value = value + 64 WHERE key = 'epoch'",
    "notes": "UPDATE notes SET stamp = ''",
    "notices": "UPDATE notices SET tries = tries + 1",
    "occurrences": "UPDATE occurrences SET items = items + 1",
    "passages": "UPDATE passages SET text = replace(text, 'quartz', 'quarts')",
    "passages_index_config": "UPDATE passages_index_config SET v = v + 64",
    "passages_index_data": "UPDATE passages_index_data SET block = zeroblob(length(block)) WHERE id > 10",
    "passages_index_docsize": "UPDATE passages_index_docsize SET sz = zeroblob(length(sz))",
    "passages_index_idx": "UPDATE passages_index_idx SET pgno = pgno + 64",
    "payloads": "UPDATE payloads SET content = CAST(replace(CAST(content AS TEXT), 'large', 'Large') AS BLOB)",
    "reservations": "UPDATE reservations SET cached = cached + 1",
    "runs": "UPDATE runs SET why = 'because'",
    "specialists": "UPDATE specialists SET quiet = quiet + 1",
    "verdicts": "UPDATE verdicts SET confidence = confidence / 2",
}
"""For each table, what a damaged disk could make of it."""


@pytest.fixture(scope="module")
def busy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state with something of everything in it."""
    folder = tmp_path_factory.mktemp("busy")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CONFIG_HOME", str(folder / "xdg"))
        return anyio.run(make_busy, folder / "w")


@pytest.fixture
def state(busy: Path, tmp_path: Path) -> Path:
    """Such a state file, to damage."""
    return Path(shutil.copy(busy / NAME, tmp_path / NAME))


@pytest.fixture(scope="module")
def schema() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(script("schema.sqlite.sql"))
        yield connection


def damaged(state: Path, statement: str) -> Path:
    with closing(sqlite3.connect(state)) as connection:
        assert connection.execute(statement).rowcount
        connection.commit()
    return state


def test_a_sound_state_verifies(state: Path) -> None:
    verify_file(state)


def test_verification_changes_nothing(state: Path) -> None:
    before = state.read_bytes()
    verify_file(state)
    assert state.read_bytes() == before


@pytest.mark.parametrize("table", DAMAGE)
def test_damage_in_a_table_is_found(state: Path, table: str) -> None:
    with pytest.raises(StoreCorrupt):
        verify_file(damaged(state, DAMAGE[table]))


def test_damage_is_tried_in_every_table(schema: sqlite3.Connection) -> None:
    """A virtual table keeps what it has in others."""
    tables = "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'"
    assert set(DAMAGE) == {name for (name,) in schema.execute(tables)}


@pytest.mark.parametrize("table", ["labels", "runs"])
def test_a_table_that_is_passed_over_is_noticed(state: Path, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    """Planted: verification that leaves tables out. Damage in them is not found, and the check above fails."""
    monkeypatch.setattr(sound, "_SLICES", ())
    monkeypatch.setattr(rebuild, "_compare", lambda *_: None)
    verify_file(damaged(state, DAMAGE[table]))


@pytest.mark.parametrize("table", VOUCHED)
def test_a_checksum_is_over_every_column(schema: sqlite3.Connection, table: str) -> None:
    columns = [row[0] for row in schema.execute("SELECT name FROM pragma_table_info(?)", (table,))]
    read = schema.execute(VOUCHED[table], {"after": 0, "count": 1}).description
    assert [column[0] for column in read] == columns


@pytest.mark.parametrize(
    ("table", "query", "elsewhere"),
    [("items", SQL.items, set()), ("specialists", SQL.specialists, {"paused"}), ("payloads", SQL.payloads, set())],
)
def test_no_column_is_passed_over(schema: sqlite3.Connection, table: str, query: str, elsewhere: set[str]) -> None:
    columns = {row[0] for row in schema.execute("SELECT name FROM pragma_table_info(?)", (table,))}
    read = schema.execute(query, {"after": 0, "count": 1}).description
    assert {column[0] for column in read} == columns - elsewhere


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE specialists SET due = due + 65536",
        "UPDATE specialists SET last_slot = last_slot - 4194304",
        "UPDATE specialists SET present = 0",
        "UPDATE specialists SET wakes = wakes + 1",
        "UPDATE specialists SET problem = '?'",
        "UPDATE specialists SET paused = (SELECT max(seq) FROM journal)",
        "UPDATE items SET withdrawn = 8",
        "UPDATE items SET seen = seen + 1",
        "UPDATE chains SET cut = 1 WHERE name = 'system'",
        "UPDATE meta SET value = value - 1 WHERE key = 'epoch'",
        "DELETE FROM journal WHERE n = 2 AND chain = 1",
        "DELETE FROM gates WHERE id = 1",
        "CREATE TABLE another (number INTEGER)",
        "DROP INDEX runs_open",
        "PRAGMA user_version = 0",
    ],
)
def test_other_damage_is_found(state: Path, damage: str) -> None:
    with closing(sqlite3.connect(state)) as connection:
        connection.execute(damage)
        connection.commit()
    with pytest.raises(StoreCorrupt):
        verify_file(state)


def test_no_power_of_two_is_a_whole_second() -> None:
    """On which it stands that one flipped bit of a time is found."""
    assert all(2**bit % SECOND for bit in range(63))


def round_of(state: Path) -> Iterator[Place]:
    """The places of a whole round of verification, a few rows at a time."""
    place = verify_some(state.parent, FIRST, FEW)
    while place != FIRST:
        yield place
        place = verify_some(state.parent, place, FEW)


def test_a_round_of_little_steps_comes_back_to_its_beginning(state: Path) -> None:
    assert len(list(round_of(state))) > 30


@pytest.mark.parametrize("table", ["journal", "payloads", "contents", "items", "verdicts", "memories", "specialists"])
def test_a_round_of_little_steps_finds_damage(state: Path, table: str) -> None:
    damaged(state, DAMAGE[table])
    with pytest.raises(StoreCorrupt):
        list(round_of(state))


def test_a_machine_in_trouble_is_no_damage(state: Path) -> None:
    """A folder in which nothing can be opened is one that is looked at again, and not one to restore."""
    state.unlink()
    with pytest.raises(StoreError) as trouble:
        examine(state.parent)
    assert not isinstance(trouble.value, StoreCorrupt)
    assert damage_in(state.parent) is None


def test_what_is_examined_and_damaged_is_in_quarantine(state: Path) -> None:
    damaged(state, DAMAGE["labels"])
    with pytest.raises(StoreCorrupt):
        examine(state.parent)
    assert damage_in(state.parent) is not None
