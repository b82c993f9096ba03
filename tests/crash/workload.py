"""What the store is given to do on a hostile machine, and what it then holds, to compare."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread

from platos.core.event import AccountCapped, RunOpened, SourceFailed
from platos.errors import PlatosError, StoreError
from platos.store import Store, Tx, journal
from platos.store.verify import verify_chain

__all__ = ["NOW", "Refused", "check_whole", "content", "made", "open_run", "put", "refuse", "together"]

NOW = 1_790_000_000_000_000
_CHAIN = "SELECT n, body, hash FROM journal WHERE chain = (SELECT id FROM chains WHERE name = :name) ORDER BY n"
_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'meta' ORDER BY name"


class Refused(Exception):
    """A transaction that takes itself back."""


def made(folder: Path) -> Path:
    """The folder, made."""
    folder.mkdir()
    return folder


def put(files: dict[str, bytes], folder: Path) -> Path:
    """A folder with these files."""
    folder.mkdir()
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def open_run(tx: Tx, name: str, size: int) -> str:
    """A transaction over many tables and three chains, with a payload of `size` bytes; its name, once it stands."""
    run = tx.next_number("run")
    definition = journal.put_payload(tx, name.encode() * (size // len(name) + 1))
    chain = journal.run_chain(run)
    tx.record(chain, RunOpened(at=NOW, run=run, specialist=name, definition=definition, items=()))
    tx.record(chain, SourceFailed(at=NOW, specialist=name, source="s", where="w", why=definition))
    tx.record(journal.SYSTEM, AccountCapped(at=NOW, account=f"specialist/{name}", cap=size))
    tx.record(journal.specialist_chain("ana"), SourceFailed(at=NOW, specialist=name, source="s", where="w", why=""))
    journal.seal(tx, chain, NOW)
    return name


def refuse(tx: Tx, name: str, size: int) -> str:
    """The same, taken back at its end."""
    open_run(tx, name, size)
    raise Refused(name)


async def together(store: Store, jobs: Sequence[tuple[Any, ...]]) -> list[object]:
    """Ask for transactions at one moment, so that they are one group; the result or the error of each."""
    answers: dict[int, object] = {}
    held, release = threading.Event(), threading.Event()

    async def ask(place: int, *job: Any) -> None:
        try:
            answers[place] = await store.transact(*job)
        except (PlatosError, Refused, sqlite3.Error) as error:
            answers[place] = error

    async def hold() -> None:
        with suppress(StoreError):
            await store.transact(_hold, held, release)
        held.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(hold)
        await anyio.to_thread.run_sync(held.wait)
        for place, job in enumerate(jobs):
            tasks.start_soon(ask, place, *job)
        await anyio.wait_all_tasks_blocked()
        release.set()
    return [answers[place] for place in range(len(jobs))]


def _hold(tx: Tx, held: threading.Event, release: threading.Event) -> None:
    held.set()
    assert release.wait(60)


def content(tx: Tx) -> str:
    """A digest of every row of every table, but for what the file knows of itself."""
    found = blake2b(digest_size=16)
    for (table,) in tx.all(_TABLES):
        found.update(repr((table, tx.all(f"SELECT * FROM {table}"))).encode())  # noqa: S608 (a name of the schema)
    return found.hexdigest()


def check_whole(tx: Tx) -> None:
    """Every page, reference and chain of the file is as it should be."""
    assert tx.all("PRAGMA integrity_check") == [("ok",)]
    assert tx.all("PRAGMA foreign_key_check") == []
    for (name,) in tx.all("SELECT name FROM chains"):
        verify_chain(name, tx.all(_CHAIN, name=name))
