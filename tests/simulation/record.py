"""What a week left in its store, read with SQLite alone, and the witness: a table that triggers fill as rows change."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import msgspec

from platos.core.event import AnyEvent, decode_event
from platos.core.instant import Instant
from platos.core.item import Item
from platos.core.specialist import Specialist
from platos.store import Tx

__all__ = ["Entry", "Record", "Seen", "call_the_witness"]

E = TypeVar("E")

_WITNESS = (
    "CREATE TABLE witness (seq INTEGER PRIMARY KEY, kind TEXT, name TEXT, last INTEGER, slot INTEGER, before INTEGER,"
    " after INTEGER, definition TEXT)",
    "CREATE TRIGGER added AFTER INSERT ON specialists BEGIN INSERT INTO witness"
    " VALUES (NULL, 'defined', NEW.name, NULL, NULL, NULL, NEW.due, NEW.definition); END",
    "CREATE TRIGGER defined AFTER UPDATE OF definition ON specialists BEGIN INSERT INTO witness"
    " VALUES (NULL, 'defined', NEW.name, NULL, NULL, OLD.due, NEW.due, NEW.definition); END",
    "CREATE TRIGGER claimed AFTER UPDATE OF last_slot ON specialists BEGIN INSERT INTO witness"
    " VALUES (NULL, 'claimed', NEW.name, OLD.last_slot, NEW.last_slot, OLD.due, NEW.due, NEW.definition); END",
    "CREATE TRIGGER moved AFTER UPDATE OF due ON specialists"
    " WHEN NEW.wakes = OLD.wakes AND NEW.definition = OLD.definition AND NEW.present = OLD.present BEGIN"
    " INSERT INTO witness VALUES (NULL, 'moved', NEW.name, NULL, NULL, OLD.due, NEW.due, NEW.definition); END",
    "CREATE TRIGGER gone AFTER UPDATE OF present ON specialists WHEN NEW.present = 0 BEGIN INSERT INTO witness"
    " VALUES (NULL, 'gone', NEW.name, NULL, NULL, OLD.due, NULL, NEW.definition); END",
)

_decode_item = msgspec.json.Decoder(Item).decode
_decode_specialist = msgspec.json.Decoder(Specialist).decode


def call_the_witness(tx: Tx) -> None:
    """Put the witness beside the specialists: it sees each claim of a slot, quiet ones too, in its transaction."""
    for statement in _WITNESS:
        tx.execute(statement)


class Entry(NamedTuple):
    """An entry of the journal, its chain by name."""

    seq: int
    chain: str
    event: AnyEvent


class Seen(NamedTuple):
    """What the witness saw of a specialist's row: `defined`, `claimed`, `moved` (its due time alone) or `gone`.

    `last` and `slot` are its last slot before and after a claim, `before` and `after` its due time.
    """

    kind: str
    last: Instant | None
    slot: Instant
    before: Instant | None
    after: Instant | None
    definition: str


class Record:
    """A store, read once it is closed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with closing(sqlite3.connect(path)) as connection:
            self._tables = dict(self._read(connection))

    def rows(self, table: str) -> list[dict[str, Any]]:
        """A table's rows, by column."""
        return self._tables[table]

    @cached_property
    def journal(self) -> list[Entry]:
        names = {row["id"]: row["name"] for row in self.rows("chains")}
        ordered = sorted(self.rows("journal"), key=lambda row: int(row["seq"]))
        return [Entry(row["seq"], names[row["chain"]], decode_event(row["body"])) for row in ordered]

    def events(self, kind: type[E]) -> list[E]:
        """All events of a kind, in order."""
        return [entry.event for entry in self.journal if isinstance(entry.event, kind)]

    def chain(self, name: str) -> list[AnyEvent]:
        """The events of a chain, in order."""
        return [entry.event for entry in self.journal if entry.chain == name]

    def items(self) -> list[tuple[dict[str, Any], Item]]:
        """Every stored item, with what its source said."""
        bodies = {row["item"]: row["body"] for row in self.rows("contents")}
        return [(row, _decode_item(bodies[row["number"]])) for row in self.rows("items")]

    @cached_property
    def definitions(self) -> dict[str, Specialist]:
        """Every definition that ever was in force, by digest."""
        used = {seen.definition for log in self.witness.values() for seen in log}
        payloads = {row["digest"]: row["content"] for row in self.rows("payloads")}
        return {digest: _decode_specialist(payloads[digest]) for digest in used}

    @cached_property
    def witness(self) -> dict[str, list[Seen]]:
        """What was seen of each specialist's row, in order."""
        logs: dict[str, list[Seen]] = {row["name"]: [] for row in self.rows("specialists")}
        for row in self.rows("witness"):
            values = {key: row[key] for key in Seen._fields}
            logs[row["name"]].append(Seen(**values))
        return logs

    @staticmethod
    def _read(connection: sqlite3.Connection) -> Iterator[tuple[str, list[dict[str, Any]]]]:
        connection.row_factory = sqlite3.Row
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in tables:
            yield name, [dict(row) for row in connection.execute(f'SELECT * FROM "{name}"')]  # noqa: S608
