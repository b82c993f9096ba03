"""The lock of a state folder: one process at a time owns it. The kernel frees it with the process, however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec

from platos.core.instant import Instant, iso
from platos.errors import StoreBusy

__all__ = ["FolderLock", "Holder", "holder_of"]


class Holder(msgspec.Struct, frozen=True):
    """Who owns the folder: process, command, since when."""

    pid: int
    command: str
    since: Instant

    def __str__(self) -> str:
        return f"process {self.pid} (platos {self.command}, since {iso(self.since)})"


class FolderLock:
    """Owns a folder from construction until `close`. Raises StoreBusy, naming the holder."""

    def __init__(self, folder: Path, *, command: str, now: Instant) -> None:
        self._file = os.open(folder / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.fchmod(self._file, 0o600)
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._file)
            raise StoreBusy(
                f"the state folder is in use by {holder_of(folder) or 'another process'}",
                where=str(folder),
                hint="let it work, or stop it first (Ctrl-C, or kill PID); one process at a time owns a state folder",
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, msgspec.json.encode(Holder(os.getpid(), command, now)), 0)

    def close(self) -> None:
        """Give the folder back."""
        os.close(self._file)


def holder_of(folder: Path) -> Holder | None:
    """Who wrote itself down as the holder last; None where nobody has. It may have ended since."""
    try:
        return msgspec.json.decode((folder / "lock").read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None
