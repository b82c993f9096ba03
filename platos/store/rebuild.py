"""The projections, made again from the journal beside those that stand, and compared row for row.

Of specialists, and of what the file knows of itself, only what the journal says is compared: the pauses.

The new ones are temporary tables of the same names, so that projectors write to them without knowing; the file itself
is only read. Rows with a checksum are what retention left of events that are gone: those vouch for themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import zip_longest
from sqlite3 import Connection
from typing import Any, NamedTuple

from platos.core.event import decode_event
from platos.errors import PlatosError, StoreCorrupt
from platos.store.sql import load, script
from platos.store.tables import transaction
from platos.store.tx import Tx

__all__ = ["PROJECTIONS", "verify_projections"]

SQL = load("verify")


class _Pair(NamedTuple):
    """How a projection is read as it stands, and as the journal makes it again."""

    kept: str
    made: str


PROJECTIONS = {
    "gates": _Pair("SELECT * FROM main.gates ORDER BY id", "SELECT * FROM temp.gates ORDER BY id"),
    "effects": _Pair("SELECT * FROM main.effects ORDER BY key", "SELECT * FROM temp.effects ORDER BY key"),
    "evidence": _Pair("SELECT * FROM main.evidence ORDER BY number", "SELECT * FROM temp.evidence ORDER BY number"),
    "reservations": _Pair("SELECT * FROM main.reservations ORDER BY id", "SELECT * FROM temp.reservations ORDER BY id"),
    "accounts": _Pair(
        "SELECT * FROM main.accounts WHERE checksum IS NULL ORDER BY name",
        "SELECT * FROM temp.accounts WHERE name NOT IN"
        " (SELECT name FROM main.accounts WHERE checksum IS NOT NULL) ORDER BY name",
    ),
    "always": _Pair(
        "SELECT * FROM main.always WHERE event IN (SELECT seq FROM main.journal) ORDER BY number",
        "SELECT * FROM temp.always ORDER BY number",
    ),
    "autopilots": _Pair(
        "SELECT * FROM main.autopilots WHERE event IN (SELECT seq FROM main.journal) ORDER BY number",
        "SELECT * FROM temp.autopilots ORDER BY number",
    ),
    "frozen": _Pair("SELECT * FROM main.frozen ORDER BY account", "SELECT * FROM temp.frozen ORDER BY account"),
    "runs": _Pair(
        "SELECT * FROM main.runs WHERE checksum IS NULL ORDER BY id",
        "SELECT * FROM temp.runs ORDER BY id",
    ),
    "specialists": _Pair(
        "SELECT name, paused FROM main.specialists ORDER BY name",
        "SELECT name, paused FROM temp.specialists ORDER BY name",
    ),
    "meta": _Pair(
        "SELECT key, value FROM main.meta WHERE key = 'paused'",
        "SELECT key, value FROM temp.meta WHERE key = 'paused'",
    ),
}
_BEGINNINGS = (
    "INSERT INTO temp.accounts (name, cap) SELECT name, 4611686018427387904 FROM main.accounts"
    " WHERE checksum IS NOT NULL",
    "INSERT INTO temp.specialists (name, definition, checksum) SELECT name, '', 0 FROM main.specialists",
)
"""What events change and do not make. An account whose first events are gone is given room for all that are left."""


def verify_projections(connection: Connection) -> None:
    """Every projection is what the journal says. Raises StoreCorrupt."""
    with _beside(connection):
        for statement in _BEGINNINGS:
            connection.execute(statement)
        _replay(transaction(connection), connection)
        for table, pair in PROJECTIONS.items():
            _compare(table, connection.execute(pair.kept), connection.execute(pair.made))


@contextmanager
def _beside(connection: Connection) -> Iterator[None]:
    """Empty tables that stand before those of the file, for as long as the block lasts."""
    connection.execute("SAVEPOINT rebuild")
    try:
        for statement in _statements():
            connection.execute(statement)
        yield
    finally:
        connection.execute("ROLLBACK TO rebuild")
        connection.execute("RELEASE rebuild")


def _statements() -> Iterator[str]:
    for statement in script("schema.sqlite.sql").split(";\n"):
        for table in PROJECTIONS:
            found = statement.find(f"CREATE TABLE {table} (")
            if found >= 0:
                yield statement[found:].replace("CREATE TABLE", "CREATE TEMP TABLE", 1)


def _replay(tx: Tx, connection: Connection) -> None:
    for seq, body in connection.execute(SQL.events):
        try:
            tx.project(seq, decode_event(body))
        except PlatosError as error:
            raise StoreCorrupt(f"entry {seq} of the journal does not follow from those before it: {error}") from error


def _compare(table: str, kept: Iterator[tuple[Any, ...]], made: Iterator[tuple[Any, ...]]) -> None:
    for stands, follows in zip_longest(kept, made):
        if stands != follows:
            key = (stands or follows or ("",))[0]
            raise StoreCorrupt(f"the row {key!s:.80} of {table} is not what the journal says")
