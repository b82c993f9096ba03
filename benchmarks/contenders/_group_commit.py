"""The bare limit of durable work: one thread owns the file and commits whatever is waiting. WAL, FULL, one row each."""

from __future__ import annotations

import asyncio
import json
import queue
import sqlite3
import threading
from pathlib import Path
from types import TracebackType

from _measure import WAL

__all__ = ["GroupCommit"]

_SCHEMA = f"""
{WAL}
CREATE TABLE journal (seq INTEGER PRIMARY KEY, chain TEXT NOT NULL, kind TEXT NOT NULL, body BLOB NOT NULL);
CREATE INDEX journal_chain ON journal (chain, seq);
"""
_INSERT = "INSERT INTO journal (chain, kind, body) VALUES (?, ?, ?)"
_NOTE = "polled source, 0 new items, cursor unchanged; next wake in 900 s" * 2
_MOST = 1_000

_Row = tuple[str, str, bytes]
_Waiting = tuple[_Row, "asyncio.Future[None]"]


class GroupCommit:
    """`await append(...)` returns once its row is committed."""

    def __init__(self, file: Path) -> None:
        self._loop = asyncio.get_running_loop()
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._connection = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
        self._connection.executescript(_SCHEMA)
        self._thread = threading.Thread(target=self._work)

    def __enter__(self) -> GroupCommit:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._waiting.put(None)
        self._thread.join()
        self._connection.close()

    def append(self, chain: str, kind: str, result: object) -> asyncio.Future[None]:
        """Keep an entry of the size that a journal's has."""
        body = json.dumps({"chain": chain, "kind": kind, "result": result, "note": _NOTE}).encode()
        done = self._loop.create_future()
        self._waiting.put(((chain, kind, body), done))
        return done

    def _work(self) -> None:
        while group := self._next_group():
            self._connection.execute("BEGIN")
            self._connection.executemany(_INSERT, [row for row, _ in group])
            self._connection.execute("COMMIT")
            self._loop.call_soon_threadsafe(_answer, [done for _, done in group])

    def _next_group(self) -> list[_Waiting]:
        group: list[_Waiting] = []
        first = self._waiting.get()
        while first is not None:
            group.append(first)
            if len(group) == _MOST or self._waiting.empty():
                return group
            first = self._waiting.get()
        if group:
            self._waiting.put(None)
        return group


def _answer(waiting: list[asyncio.Future[None]]) -> None:
    for done in waiting:
        done.set_result(None)
