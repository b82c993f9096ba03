"""SQLite on a disk of ours: its files lie behind a shim that sees every call, and may refuse one.

While `sqlite_on(disk)` holds, `sqlite3.connect` gives connections to apsw's own SQLite, so that the store runs on the
disk unchanged. Shared memory (`-shm`) and locks do not pass through the shim; syncs end there: this machine stays up.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

import apsw
import pytest

from tests.crash.connection import Connection

__all__ = ["Call", "Disk", "sqlite_on"]

_NUMBERS = itertools.count(1)


class Call(NamedTuple):
    """What SQLite asks of a file, by the file's name in its folder. `offset` is the new size of a truncated file."""

    kind: str
    file: str
    offset: int = 0
    data: bytes = b""


class Disk(Protocol):
    """Sees every call before it is made. What it raises is SQLite's answer; a full disk takes half of a write."""

    def before(self, call: Call) -> None: ...


class _File(apsw.VFSFile):
    """A file whose every call is shown to the disk first."""

    def __init__(self, disk: Disk, file: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk, self._name = disk, _name(file)
        super().__init__("", file, flags)

    def xRead(self, amount: int, offset: int) -> bytes:
        self._disk.before(Call("read", self._name, offset))
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:
        try:
            self._disk.before(Call("write", self._name, offset, bytes(data)))
        except apsw.FullError:
            super().xWrite(bytes(data[: len(data) // 2]), offset)
            raise
        super().xWrite(data, offset)

    def xTruncate(self, newsize: int) -> None:
        self._disk.before(Call("truncate", self._name, newsize))
        super().xTruncate(newsize)

    def xSync(self, flags: int) -> None:
        self._disk.before(Call("sync", self._name))

    def xFileSize(self) -> int:
        self._disk.before(Call("size", self._name))
        return super().xFileSize()


class _Shim(apsw.VFS):
    """The files of this machine, seen by a disk."""

    def __init__(self, disk: Disk) -> None:
        self.name = f"hostile-{next(_NUMBERS)}"
        self._disk = disk
        super().__init__(self.name, "")

    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        file = name.filename() if isinstance(name, apsw.URIFilename) else name
        created = file is not None and not Path(file).exists()
        self._disk.before(Call("create" if created else "open", _name(name)))
        return _File(self._disk, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self._disk.before(Call("delete", Path(filename).name, int(syncdir)))
        super().xDelete(filename, syncdir)


def _name(file: str | apsw.URIFilename | None) -> str:
    path = file.filename() if isinstance(file, apsw.URIFilename) else file
    return Path(path).name if path else "temporary"


class _Unheard:
    """Stands before Python's hook for errors that nobody hears: SQLite tells nobody what fails as it rolls back."""

    def __init__(self) -> None:
        self._before = sys.unraisablehook

    def __call__(self, unheard: sys.UnraisableHookArgs) -> None:
        if not isinstance(unheard.exc_value, apsw.Error):
            self._before(unheard)


@contextmanager
def sqlite_on(disk: Disk, connection: type[Connection] = Connection) -> Iterator[None]:
    """Within it, whoever connects to SQLite does so on the disk."""
    shim = _Shim(disk)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sqlite3.connect", partial(connection, shim.name))
        patch.setattr(sys, "unraisablehook", _Unheard())
        yield
    shim.unregister()
