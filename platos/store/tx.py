"""A transaction, as the functions that run inside one see it, and the projections that follow its events.

Projections are what the journal says, laid out to be asked. Only an event changes them, in its own transaction.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

from platos.core.chain import GENESIS, link
from platos.core.event import Event, encode_event
from platos.errors import InvalidTransition
from platos.store.sql import load, spreads

__all__ = ["Head", "Tx", "follows", "projects"]

SQL = load("journal")

_APPEND = spreads(SQL.append)

Row = tuple[Any, ...]
E = TypeVar("E", bound=Event)

_PROJECTORS: dict[type[Event], Callable[[Any, int, Any], None]] = {}
_FOLLOWERS: dict[type[Event], Callable[[Any, Any], None]] = {}

_MOST_HEADS = 10_000


class Head(NamedTuple):
    """The end of a chain: its id, how many entries it has, the digest after the last, and whether it has ended."""

    chain: int
    length: int
    digest: bytes
    sealed: bool


class Tx:
    """What a transaction function gets. The function is pure: no clock, no ids of its own, no I/O; it may run twice.

    Entries of the journal are kept back and written together: before any other statement, and at the end.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._entries: list[Row] = []
        self._last: int | None = None
        self._heads: dict[str, Head] = {}
        self._touched: set[str] = set()

    def execute(self, sql: str, **values: Any) -> int:
        """Run a statement; how many rows it changed."""
        self.write_entries()
        return self._connection.execute(sql, values).rowcount

    def many(self, sql: str, rows: Sequence[dict[str, Any]]) -> None:
        """Run a statement for each row."""
        self.write_entries()
        self._connection.executemany(sql, rows)

    def spread(self, statements: Mapping[int, str], rows: Sequence[Row]) -> int:
        """Run a statement that is about rows of values, so many at once (see `platos.store.sql.spreads`); how many
        rows it changed."""
        self.write_entries()
        return self._spread(statements, rows)

    def all(self, sql: str, **values: Any) -> list[Row]:
        """Every row of a query."""
        self.write_entries()
        return self._connection.execute(sql, values).fetchall()

    def one(self, sql: str, **values: Any) -> Row | None:
        """The first row of a query, or None."""
        self.write_entries()
        row: Row | None = self._connection.execute(sql, values).fetchone()
        return row

    def next_number(self, counter: str) -> int:
        """The next number of a kind of thing. It is given once; a rolled-back transaction gives it back."""
        row = self.one(SQL.next_number, name=counter)
        assert row is not None
        return int(row[0])

    def record(self, chain: str, event: Event) -> int:
        """Append an event to a chain of the journal and bring every projection up to it; its number in the journal.

        Raises InvalidTransition where the chain has ended.
        """
        head = self._heads.get(chain) or self._find_head(chain)
        if head.sealed:
            raise InvalidTransition(f"the chain {chain} of the journal has ended", where=type(event).__name__)
        body = encode_event(event)
        digest = link(head.digest, body)
        seq = self._last = (self._find_last() if self._last is None else self._last) + 1
        self._entries.append((seq, head.chain, head.length + 1, body, digest))
        self._heads[chain] = Head(head.chain, head.length + 1, digest, False)
        self._touched.add(chain)
        self.project(seq, event)
        follow = _FOLLOWERS.get(type(event))
        if follow is not None:
            follow(self, event)
        return seq

    def project(self, seq: int, event: Event) -> None:
        """Bring the projections up to an entry of the journal."""
        follow = _PROJECTORS.get(type(event))
        if follow is not None:
            follow(self, seq, event)

    def head(self, chain: str) -> Head:
        """The end of a chain as this transaction sees it."""
        return self._heads.get(chain) or self._find_head(chain)

    def seal(self, chain: str, *, sealed: bool) -> Head:
        """End a chain, or let an ended one go on; its end."""
        head = self.head(chain)._replace(sealed=sealed)
        self.execute(SQL.seal, chain=head.chain, sealed=int(sealed))
        self._heads[chain] = head
        self._touched.add(chain)
        return head

    def _find_head(self, chain: str) -> Head:
        row = self.one(SQL.head, name=chain)
        if row is None:
            self.execute(SQL.new_chain, name=chain)
            row = self.one(SQL.head, name=chain)
        assert row is not None
        self._touched.add(chain)
        head = Head(row[0], row[1] or 0, row[2] or GENESIS, bool(row[3]))
        self._heads[chain] = head
        return head

    def _find_last(self) -> int:
        row = self.one(SQL.last)
        return int(row[0] or 0) if row else 0

    # -- the writer's side

    def write_entries(self) -> None:
        """Write the entries that were kept back."""
        entries, self._entries = self._entries, []
        if entries:
            self._spread(_APPEND, entries)

    def _spread(self, statements: Mapping[int, str], rows: Sequence[Row]) -> int:
        done = changed = 0
        for size, statement in statements.items():
            while len(rows) - done >= size:
                values = [value for row in rows[done : done + size] for value in row]
                changed += self._connection.execute(statement, values).rowcount
                done += size
        return changed

    def kept(self) -> None:
        """The transaction stands."""
        self._touched.clear()
        if len(self._heads) > _MOST_HEADS:
            self._heads.clear()

    def undone(self) -> None:
        """The transaction was rolled back: what it taught us of chains is void."""
        for chain in self._touched:
            self._heads.pop(chain, None)
        self._touched.clear()
        self._entries.clear()
        self._last = None

    def forget(self) -> None:
        """The whole group was rolled back."""
        self._heads.clear()
        self.undone()


def projects(event: type[E]) -> Callable[[Callable[[Tx, int, E], None]], Callable[[Tx, int, E], None]]:
    """Declare how a table follows one kind of event. The number is the event's in the journal."""

    def declare(function: Callable[[Tx, int, E], None]) -> Callable[[Tx, int, E], None]:
        assert event not in _PROJECTORS, f"{event.__name__} is projected twice"
        _PROJECTORS[event] = function
        return function

    return declare


def follows(event: type[E]) -> Callable[[Callable[[Tx, E], None]], Callable[[Tx, E], None]]:
    """Declare what one kind of event leads to beside its projection, in its own transaction: primary rows, which are
    not made again with the projections."""

    def declare(function: Callable[[Tx, E], None]) -> Callable[[Tx, E], None]:
        assert event not in _FOLLOWERS, f"{event.__name__} is followed twice"
        _FOLLOWERS[event] = function
        return function

    return declare
