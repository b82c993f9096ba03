"""The writer: one thread that owns the only read-write connection and commits whatever is waiting, as a group.

Nobody is answered before COMMIT. Where a transaction of a group fails, the group is run again, each transaction in a
savepoint, so that the one that fails takes only itself back. Where SQLite has left the transaction (a full disk rolls
the whole group back), each function is run again on its own.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable
from typing import Any, Protocol

from platos.errors import EpochLost, StoreCorrupt, StoreError, StoreFull, StoreUnknown
from platos.store.tables import transaction

__all__ = ["InlineWriter", "ThreadWriter", "Writer"]

_MOST_IN_A_GROUP = 1_000
_EPOCH = "SELECT value FROM meta WHERE key = 'epoch'"
_CORRUPT = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DISK = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, *_CORRUPT}


class Writer(Protocol):
    """Runs transaction functions, each once it is committed."""

    @property
    def rollbacks(self) -> int: ...

    def submit(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> asyncio.Future[Any]: ...

    def end(self) -> None:
        """What waits is committed, and nothing more is taken. Called where `submit` is."""
        ...

    def close(self) -> None:
        """Return when all is committed, and the file is let go. Blocking."""
        ...


class _Job:
    """A transaction that somebody waits for."""

    __slots__ = ("arguments", "error", "function", "future", "result")

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], future: asyncio.Future[Any]) -> None:
        self.function, self.arguments, self.future = function, arguments, future
        self.result: Any = None
        self.error: BaseException | None = None

    def answer(self) -> None:
        if self.future.cancelled():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)


class _GroupLost(Exception):
    """The whole group was rolled back, for the reason that is its cause. `undone`: certainly none of it stands."""

    def __init__(self, *, undone: bool) -> None:
        super().__init__()
        self.undone = undone


def _code(error: BaseException) -> int:
    """SQLite's primary result code of an error, 0 for any other error."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF


class Committer:
    """Commits groups of transactions on one connection, for as long as the epoch in the file is ours.

    `rollbacks` counts the transactions that were undone.
    """

    def __init__(self, connection: sqlite3.Connection, connect: Callable[[], sqlite3.Connection], epoch: int) -> None:
        self._connect = connect
        self._connection = connection
        self._poisoned = False
        self._closing = False
        self.epoch = epoch
        self.rollbacks = 0
        self._tx = transaction(self._connection)

    def commit(self, group: list[_Job]) -> None:
        """Run a group and leave each job with its result or its error."""
        try:
            self._attempt(group)
        except _GroupLost as lost:
            if lost.undone and len(group) > 1:
                for job in group:
                    self.commit([job])
            else:
                for job in group:
                    job.error = lost.__cause__

    def hurry(self) -> None:
        """The writer ends: a file that another process holds is waited for no longer."""
        self._closing = True

    def close(self) -> None:
        self._connection.close()

    def _attempt(self, group: list[_Job]) -> None:
        try:
            self._begin()
            if self._run_together(group) or self._run_apart(group):
                self._tx.write_entries()
                self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._give_up(error)
        except StoreError as error:
            self._roll_back()
            raise _GroupLost(undone=False) from error
        except Exception as error:
            self._poison()
            raise _GroupLost(undone=False) from error

    def _begin(self) -> None:
        if self._poisoned:
            self._reopen()
        while not self._begun():
            if self._closing:
                raise StoreError("another process holds the state file; what waited was not written")
        if self._connection.execute(_EPOCH).fetchone()[0] != self.epoch:
            raise EpochLost("another process has taken this state folder over", hint="end this process")

    def _begun(self) -> bool:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_BUSY:
                raise
            return False
        return True

    def _run_together(self, group: list[_Job]) -> bool:
        """Run a group as if nothing in it could fail; where something does, all of it is undone, and False."""
        for job in group:
            job.error = None
            try:
                job.result = job.function(self._tx, *job.arguments)
            except Exception as error:  # noqa: BLE001 - whatever it raises, its caller is told
                self._refuse_lost(error)
                job.error = error
                self._connection.execute("ROLLBACK")
                self._tx.forget()
                return False
        self._tx.kept()
        return True

    def _run_apart(self, group: list[_Job]) -> bool:
        """Run a group in which something fails: that takes only itself back. False where nothing else is in it."""
        if len(group) == 1:
            self.rollbacks += 1
            return False
        self._begin()
        for job in group:
            self._run(job)
        return True

    def _run(self, job: _Job) -> None:
        self._connection.execute("SAVEPOINT job")
        try:
            job.error = None
            job.result = job.function(self._tx, *job.arguments)
            self._tx.write_entries()
            self._tx.kept()
        except Exception as error:  # noqa: BLE001 - as above
            self._refuse_lost(error)
            self._connection.execute("ROLLBACK TO job")
            self._tx.undone()
            self.rollbacks += 1
            job.error = error
        self._connection.execute("RELEASE job")

    def _refuse_lost(self, error: Exception) -> None:
        """An error after which SQLite, or the disk, has left the whole transaction is not the function's own."""
        if not self._connection.in_transaction or _code(error) in _DISK:
            raise error

    def _give_up(self, error: sqlite3.Error) -> None:
        code = _code(error)
        if code in _CORRUPT:
            self._poison()
            raise _GroupLost(undone=False) from StoreCorrupt(f"the state file is damaged: {error}")
        if code == sqlite3.SQLITE_IOERR:
            self._poison()
            what = f"the disk answered with an error ({error}); whether it was written is not known"
            raise _GroupLost(undone=False) from StoreUnknown(what, hint="platos doctor")
        self._roll_back()
        if code == sqlite3.SQLITE_FULL:
            raise _GroupLost(undone=True) from StoreFull(
                "the disk is full; nothing was written", hint="make room; Platos goes on by itself"
            )
        raise _GroupLost(undone=True) from StoreError(f"SQLite refuses: {error}")

    def _roll_back(self) -> None:
        self._tx.forget()
        try:
            if not self._poisoned and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._poison()

    def _poison(self) -> None:
        """After an I/O error a connection is not believed any more: the next group reads the truth from another."""
        self._connection.close()
        self._poisoned = True

    def _reopen(self) -> None:
        self._connection = self._connect()
        self._tx = transaction(self._connection)
        self._poisoned = False


class ThreadWriter:
    """The writer in a thread of its own."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer
        self._waiting: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._thread = threading.Thread(target=self._work, name="platos-writer", daemon=True)
        self._thread.start()

    @property
    def rollbacks(self) -> int:
        return self._committer.rollbacks

    def submit(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> asyncio.Future[Any]:
        future = self._loop.create_future()
        if self._closed:
            future.set_exception(StoreError("the store is closed; nothing was written"))
        else:
            self._waiting.put(_Job(function, arguments, future))
        return future

    def end(self) -> None:
        self._closed = True
        self._committer.hurry()
        self._waiting.put(None)

    def close(self) -> None:
        self._thread.join()

    def _work(self) -> None:
        while group := self._next_group():
            try:
                self._committer.commit(group)
            except Exception as error:  # noqa: BLE001 - whatever it is, nobody waits for ever
                broken = StoreUnknown(f"the writer broke ({type(error).__name__}: {error}); what it wrote is not known")
                for job in group:
                    job.error = broken
            self._loop.call_soon_threadsafe(_answer, group)
        self._committer.close()

    def _next_group(self) -> list[_Job]:
        """What is waiting, in order; empty at the end."""
        first = self._waiting.get()
        if first is None:
            return []
        group = [first]
        while len(group) < _MOST_IN_A_GROUP and not self._waiting.empty():
            job = self._waiting.get_nowait()
            if job is None:
                self._waiting.put(None)
                break
            group.append(job)
        return group


def _answer(group: list[_Job]) -> None:
    for job in group:
        job.answer()


class InlineWriter:
    """The writer on the event loop itself, for simulations: each transaction a group of its own."""

    def __init__(self, committer: Committer) -> None:
        self._committer = committer

    @property
    def rollbacks(self) -> int:
        return self._committer.rollbacks

    def submit(self, function: Callable[..., Any], arguments: tuple[Any, ...]) -> asyncio.Future[Any]:
        job = _Job(function, arguments, asyncio.get_running_loop().create_future())
        self._committer.commit([job])
        job.answer()
        return job.future

    def end(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        self._committer.close()
