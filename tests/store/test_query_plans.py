"""What recovery, a wake-up and a step ask of the store: none of it grows with the history.

The statements are those that are really made: a workspace lives through all of it, and its connections take note. What
is done once a day, ten minutes after a start at the earliest, may go through everything: that is what it is for.
"""

from __future__ import annotations

import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import anyio
import pytest

from platos.core.approval import GateState
from platos.core.instant import MINUTE
from platos.core.state import State
from platos.store import database, passages, runs
from platos.store.sql import script
from platos.testing.workspace import SimulatedWorkspace

FOUND_IN = ("notes", "passages", "passages_words", "passages_index")
SHADOWS = tuple(f"passages_index_{part}" for part in ("data", "idx", "docsize", "config"))
CONFIGURED = ("meta", "counters", "specialists", "cursors", "memories", "breakers", "frozen", "matters", "notices")
STEADY = frozenset((*CONFIGURED, *FOUND_IN, *SHADOWS))
"""Tables that are as long as what is configured, notes and a bounded number of past runs among it. All others have
more rows the longer a workspace has lived."""

OPEN = frozenset(("items_open", "runs_open", "runs_due", "gates_open", "reservations_held"))
"""Indexes that hold only what is open: to go through one is not to go through its table."""

LAST = "ORDER BY seq DESC LIMIT 1"
"""One row, at the end of the journal. SQLite calls that a scan too."""

WATCH = """---
owner: ana
schedule: "* * * * *"
sources:
  - directory: {path: inbox}
triage:
  - rules: {signal: [{words: [advisory]}]}
tools: [outbox]
done_when: [{receipt: outbox}, cited]
---
Report every advisory that asks for action.
"""


ADVISORY = "Advisory {}: you must upgrade the library by Friday."
SHORT, LONG = 12, 22
"""Two digits each: a number of one digit is no word, and makes a shorter index."""

FEWEST_PLANS = 60

INDEXES = ("runs_open", "runs_due", "items_open", "items_run", "gates_open", "gates_effect", "reservations_held")
"""Without any of these, something that is asked at every wake-up, or at every start, goes through all that ever was."""

_connect = sqlite3.connect


class Noting(sqlite3.Connection):
    """A connection that notes every statement, as it is written, while it is asked to; SQLite's own instructions are
    counted beside it."""

    noting: ClassVar[bool] = False
    made: ClassVar[set[str]] = set()
    instructions: ClassVar[int] = 0

    def execute(self, sql: str, *values: Any) -> sqlite3.Cursor:
        self._note(sql)
        return super().execute(sql, *values)

    def executemany(self, sql: str, *values: Any) -> sqlite3.Cursor:
        self._note(sql)
        return super().executemany(sql, *values)

    def _note(self, sql: str) -> None:
        if self.noting:
            self.made.add(sql)


def _connect_noting(path: Any, **options: Any) -> sqlite3.Connection:
    connection = _connect(path, factory=Noting, **options)
    connection.set_progress_handler(_count, 1)
    return connection


def _count() -> int:
    Noting.instructions += 1
    return 0


@contextmanager
def counting(spent: Counter[str], what: str) -> Iterator[None]:
    """Note what is asked in the block, and how many of SQLite's instructions it takes."""
    before, Noting.noting = Noting.instructions, True
    yield
    Noting.noting = False
    spent[what] += Noting.instructions - before


async def live_through(folder: Path, past: int) -> Counter[str]:
    """A run that nobody answers, and so many that end; then what is measured: quiet wake-ups, a run with its gate, and
    a recovery, with the first run open still."""
    simulated, spent = SimulatedWorkspace(folder, {"watch": WATCH}), Counter[str]()
    async with simulated.up():
        await advise(simulated, 1)
        for number in range(2, past + 2):
            await run_one(simulated, number)
    async with simulated.up():
        with counting(spent, "four quiet wake-ups"):
            await simulated.live(4 * MINUTE)
        with counting(spent, "a run"):
            await run_one(simulated, past + 2)
        await advise(simulated, past + 3)
    with counting(spent, "a recovery"):
        async with simulated.up() as engine:
            await engine.rest()
            assert [run.id for run in await runs.open_runs(simulated.store)] == [1, past + 3]
    return spent


async def advise(simulated: SimulatedWorkspace, number: int) -> None:
    """An advisory arrives; the run that it leads to asks."""
    await simulated.drop(f"inbox/{number}.txt", ADVISORY.format(number))
    await simulated.live(2 * MINUTE)


async def run_one(simulated: SimulatedWorkspace, number: int) -> None:
    """A run that asks is answered, and ends. Runs and their gates have the same numbers."""
    await advise(simulated, number)
    await simulated.engine.decide(number, GateState.APPROVED, by="person:test")
    await simulated.engine.rest()
    assert (await runs.find(simulated.store, number)).state is State.SUCCESS


class Lived(NamedTuple):
    """Two workspaces, one with a short past and one with a longer one, and what was spent in each after that."""

    folders: tuple[Path, Path]
    spent: list[Counter[str]]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    folders = tmp_path_factory.mktemp("short"), tmp_path_factory.mktemp("long")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sqlite3, "connect", _connect_noting)
        patch.setattr(passages, "MOST_RUNS", 1)
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("xdg")))
        spent = [anyio.run(live_through, *life) for life in zip(folders, (SHORT, LONG), strict=True)]
    return Lived(folders, spent)


@pytest.fixture
def schema() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.executescript(script("schema.sqlite.sql"))
        yield connection


def scans(schema: sqlite3.Connection, sql: str) -> list[str]:
    """The lines of a statement's plan that go through the whole of a table that grows, or through an index of it."""
    named = {alias: table for table, alias in re.findall(r"(?:FROM|JOIN|UPDATE)\s+(\w+)(?:\s+AS)?\s+(\w+)", sql)}
    values = dict.fromkeys(re.findall(r":(\w+)", sql), 1) or (1,) * sql.count("?")
    growing = {name for (name,) in schema.execute("SELECT name FROM sqlite_master WHERE type = 'table'")} - STEADY
    found = []
    for _, _, _, line in schema.execute(f"EXPLAIN QUERY PLAN {sql}", values):
        what, _, index = line.partition(" USING ")
        verb, _, table = what.partition(" ")
        whole = verb == "SCAN" or "AUTOMATIC" in index
        if whole and named.get(table, table) in growing and index.rpartition(" ")[2] not in OPEN:
            found.append(line)
    return found


def planned(made: set[str]) -> list[str]:
    """The statements that have a plan: those that are about rows."""
    return sorted(sql for sql in made if sql.split()[0] in ("SELECT", "INSERT", "UPDATE", "DELETE") and LAST not in sql)


def test_nothing_that_is_asked_goes_through_the_history(
    lived: Lived, schema: sqlite3.Connection, record_cases: Callable[[str, int], None]
) -> None:
    asked = planned(Noting.made)
    assert {sql: found for sql in asked if (found := scans(schema, sql))} == {}
    record_cases("query plans", len(asked))
    assert len(asked) >= FEWEST_PLANS


def grown(short: int, long: int) -> bool:
    """Has it grown with the past? Whatever looks at a row takes more than one instruction for it."""
    return long - short >= LONG - SHORT


def test_what_is_asked_does_not_grow_with_the_history(lived: Lived) -> None:
    """Not even by a search that finds ever more."""
    short, long = lived.spent
    assert {what: (short[what], long[what]) for what in short if grown(short[what], long[what])} == {}


def test_a_search_that_finds_ever_more_is_noticed(lived: Lived) -> None:
    """Planted: all that was ever noted of a specialist, by its index."""
    spent = Counter[str]()
    for folder in lived.folders:
        with closing(_connect_noting(folder / ".platos" / database.NAME)) as connection, counting(spent, folder.name):
            connection.execute("SELECT max(last) FROM occurrences WHERE specialist = 'watch'").fetchall()
    assert grown(*spent.values())


@pytest.mark.parametrize("index", INDEXES)
def test_a_query_without_its_index_is_noticed(lived: Lived, schema: sqlite3.Connection, index: str) -> None:
    """Planted: the schema lacks one index."""
    schema.execute(f"DROP INDEX {index}")
    assert any(scans(schema, sql) for sql in planned(Noting.made))


@pytest.mark.parametrize(
    "planted",
    [
        "SELECT id FROM runs WHERE specialist = :name ORDER BY id",
        "SELECT g.id FROM gates g JOIN journal j ON j.seq = g.event WHERE g.state = :state",
        "UPDATE items SET state = 'new' WHERE state = :state",
        "DELETE FROM occurrences WHERE slot < :slot",
    ],
)
def test_a_query_that_goes_through_a_table_is_noticed(schema: sqlite3.Connection, planted: str) -> None:
    assert scans(schema, planted)
