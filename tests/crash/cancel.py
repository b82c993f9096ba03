"""Cancels a coroutine at its n-th suspension, and looks for what it left behind."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import closing, suppress
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Any

import anyio

from platos.store.database import NAME

__all__ = ["Way", "cancelled_at", "open_transactions", "strays"]

Cancel = Callable[[], object]


class Way(StrEnum):
    """How it is cancelled: by a scope around it or as a task; as it suspends, or once what it waits for has come."""

    SCOPE = "scope"
    SCOPE_LATE = "scope, late"
    TASK = "task"
    TASK_LATE = "task, late"


class _Steps:
    """A coroutine that is run step by step, and told of at its n-th suspension."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], number: int, strike: Callable[[Any], None]) -> None:
        self._coroutine, self._number, self._strike = coroutine, number, strike
        self.seen = 0

    def __await__(self) -> Generator[Any, Any, None]:
        step = partial(self._coroutine.send, None)
        while True:
            try:
                waited = step()
            except StopIteration:
                return
            self.seen += 1
            if self.seen == self._number:
                self._strike(waited)
            try:
                step = partial(self._coroutine.send, (yield waited))
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is the coroutine's
                step = partial(self._coroutine.throw, error)


async def cancelled_at(number: int, way: Way, coroutine: Coroutine[Any, Any, None]) -> bool:
    """Run a coroutine and cancel it at its n-th suspension; whether it came to so many."""

    async def run() -> bool:
        with anyio.CancelScope() as scope:
            cancel: Cancel = scope.cancel if way in (Way.SCOPE, Way.SCOPE_LATE) else task.cancel
            late = way in (Way.SCOPE_LATE, Way.TASK_LATE)
            steps = _Steps(coroutine, number, partial(_strike, cancel, late))
            await steps
            return steps.seen >= number
        return True

    task = asyncio.ensure_future(run())
    try:
        return await task
    except asyncio.CancelledError:
        return True


def _strike(cancel: Cancel, late: bool, waited: asyncio.Future[Any] | None) -> None:
    if late and waited is not None:
        waited.add_done_callback(lambda _: cancel())
    else:
        cancel()


def strays(folder: Path, before: set[threading.Thread], patience: float = 10) -> list[str]:
    """What is left of a store that was closed: threads of its own, seconds later, and open files of its folder."""
    threads = {each for each in threading.enumerate() if each not in before and "AnyIO" not in each.name}
    for each in threads:
        each.join(patience)
    return [each.name for each in threads if each.is_alive()] + _open_files(folder)


def _open_files(folder: Path) -> list[str]:
    """The files of a folder that this process holds open, as many times as it does."""
    names = {(each.stat().st_dev, each.stat().st_ino): each.name for each in folder.iterdir()}
    found = []
    for number in os.listdir("/dev/fd"):
        with suppress(OSError):
            status = os.fstat(int(number))
            found.append(names.get((status.st_dev, status.st_ino), ""))
    return [name for name in found if name]


def open_transactions(folder: Path) -> list[str]:
    """What another connection finds in its way, where the store that is open has nothing to do."""
    with closing(sqlite3.connect(folder / NAME, timeout=0, isolation_level=None)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")
        except sqlite3.OperationalError as error:
            return [f"writing: {error}"]
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return ["a reader is in the middle of something"] if busy else []
