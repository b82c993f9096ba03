"""What the tests of the store share: a state folder, the real store on it, and a small transaction to run."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from platos.core.event import SourceFailed
from platos.store import Store, Tx, journal, open_store
from platos.store.database import NAME

NOW = 1_790_000_000_000_000

Note = Callable[..., int]
Rows = Callable[[str], list[tuple[object, ...]]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / ".platos"
    made.mkdir(mode=0o700)
    return made


@pytest.fixture
async def store(folder: Path) -> AsyncIterator[Store]:
    """The store with its writer in a thread, as the runtime uses it."""
    async with open_store(folder, command="test", now=NOW) as opened:
        yield opened


@pytest.fixture
def note() -> Note:
    """`store.transact(note, "ana", 3, Boom())`: a transaction of three entries in ana's chain that then fails."""

    def write(tx: Tx, specialist: str, entries: int = 1, failure: Exception | None = None) -> int:
        for n in range(entries):
            event = SourceFailed(at=NOW, specialist=specialist, source="s", where="w", why=f"{n + 1} of {entries}")
            tx.record(journal.specialist_chain(specialist), event)
        if failure is not None:
            raise failure
        return entries

    return write


@pytest.fixture
def rows(folder: Path) -> Iterator[Rows]:
    """`rows(sql)`: what another connection reads, and so what is committed."""
    with closing(sqlite3.connect(folder / NAME, isolation_level=None, check_same_thread=False)) as connection:
        yield lambda sql: connection.execute(sql).fetchall()


@pytest.fixture
def statements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement that a store opened after this runs on its read-write connection, in order."""
    from platos.store import owning

    traced: list[str] = []
    connect = owning.connect

    def tracing(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        connection.set_trace_callback(traced.append)
        return connection

    monkeypatch.setattr(owning, "connect", tracing)
    return traced
