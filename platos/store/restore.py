"""Restoring: a backup in the place of the state, which is moved aside and not deleted.

A power cut at any moment leaves the state as it was, or one that refuses to be opened until it is restored again: from
the first rename to the last the folder is in quarantine.

What was done after the backup is not known to it. Items will be seen again, and mails may have gone out: so everything
is paused until a person has looked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from itertools import count
from pathlib import Path
from typing import NamedTuple

from platos.core.instant import Instant, iso
from platos.errors import NotFound, PlatosError, StoreCorrupt
from platos.store import damage, durable, meta
from platos.store.backup import Copy, copy_of, copy_state, making
from platos.store.database import NAME, check_version, connect_read_only, readable
from platos.store.lock import FolderLock
from platos.store.sound import verify_file
from platos.store.tables import transaction
from platos.store.tx import Tx

__all__ = ["Restored", "restore"]

_FILES = (NAME, f"{NAME}-wal", f"{NAME}-shm")
_INTERRUPTED = "a restore was interrupted"
_UNKNOWN = 1_000_000
"""How far an epoch is put forward where the one before cannot be read: more than a state has starts."""


class Restored(NamedTuple):
    """What the backup held, and the folder with what was before."""

    copy: Copy
    before: Path


def restore(folder: Path, backup: Path, now: Instant, pause: Callable[[Tx], None]) -> Restored:
    """Put a backup in the place of the state in a folder, with everything paused by `pause`. Blocking.

    Raises StoreBusy while a process owns the folder, NotFound, StoreNewer or StoreCorrupt where the backup cannot be
    used, or StoreError; then the state is what it was.
    """
    if not backup.is_file():
        raise NotFound("there is no such file", where=str(backup), expected="a file that platos backup has made")
    lock = FolderLock(folder, command="restore", now=now)
    try:
        with making(folder / NAME) as made:
            _copy_verified(backup, made)
            held = copy_of(made)
            _prepare(made, folder, pause)
            before = _swap(folder, made, now)
        return Restored(held._replace(path=folder / NAME), before)
    finally:
        lock.close()


def _copy_verified(backup: Path, made: Path) -> None:
    with readable(backup), closing(connect_read_only(backup)) as connection:
        check_version(connection.execute("PRAGMA user_version").fetchone()[0], backup)
    copy_state(backup, made)
    try:
        verify_file(made)
    except StoreCorrupt as error:
        raise StoreCorrupt(
            f"the backup does not verify: {error.what}", where=str(backup), hint="take another one; nothing was changed"
        ) from error


def _prepare(made: Path, folder: Path, pause: Callable[[Tx], None]) -> None:
    """In the copy everything is paused, and its next epoch is later than any before it."""
    with readable(made), closing(sqlite3.connect(made, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("BEGIN IMMEDIATE")
        tx = transaction(connection)
        epoch = meta.get(tx, meta.EPOCH)
        meta.put(tx, meta.EPOCH, max(epoch, _epoch_of(folder / NAME, epoch + _UNKNOWN)))
        pause(tx)
        tx.write_entries()
        connection.execute("COMMIT")


def _epoch_of(path: Path, unknown: int) -> int:
    """The epoch of the state that is there; `unknown` where it cannot be read."""
    if not path.exists():
        return 0
    try:
        with readable(path), closing(connect_read_only(path)) as connection:
            return meta.get(transaction(connection), meta.EPOCH)
    except PlatosError:
        return unknown


def _swap(folder: Path, made: Path, now: Instant) -> Path:
    """What is there goes aside, and the copy takes its place."""
    aside = _begun(folder) or _new_folder(folder, now)
    damage.note(folder, _INTERRUPTED, str(aside))
    _move(folder, aside, now)
    durable.put_in_place(made, folder / NAME)
    damage.lift(folder)
    return aside


def _move(folder: Path, aside: Path, now: Instant) -> None:
    """What a restore that was interrupted has put in place goes elsewhere: what was there before it is in `aside`."""
    elsewhere = None
    for path in (folder / name for name in _FILES):
        if path.exists() and not (aside / path.name).exists():
            path.rename(aside / path.name)
        elif path.exists():
            elsewhere = elsewhere or _new_folder(folder, now)
            path.rename(elsewhere / path.name)
    durable.sync(aside)


def _begun(folder: Path) -> Path | None:
    """Where a restore that was interrupted has begun to move things to."""
    found = damage.damage_in(folder)
    if found is None or found.what != _INTERRUPTED:
        return None
    aside = Path(found.where)
    return aside if aside.parent == folder and aside.is_dir() else None


def _new_folder(folder: Path, now: Instant) -> Path:
    """A new private folder for what was before."""
    name = f"before-restore-{iso(now - now % 1_000_000).replace(':', '').replace('-', '')}"
    names = (folder / (name if number == 1 else f"{name}-{number}") for number in count(1))
    path = next(path for path in names if not path.exists())
    path.mkdir(mode=0o700)
    return path
