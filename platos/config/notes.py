"""Notes: text and Markdown under `notes/`, which a workspace's people write for its specialists to know."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from platos.errors import Broken, Unavailable

__all__ = ["Notes"]

_SUFFIXES = (".md", ".markdown", ".txt")
_MOST_BYTES = 1_000_000


class Notes:
    """The notes in a folder, which need not be there. Blocking."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stamps(self) -> dict[str, str]:
        """Every note by its path in the folder, with what the file system says of it: any write makes another stamp.

        Links are not followed, nor are hidden files notes. Raises Unavailable where a folder cannot be listed.
        """
        found: dict[str, str] = {}
        if not self._folder.is_dir():
            return found
        for folder, folders, names in os.walk(self._folder, onerror=_refuse):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                path = os.path.join(folder, name)
                if name.endswith(_SUFFIXES) and not name.startswith(".") and _is_utf8(path):
                    found.update(self._look(path))
        return dict(sorted(found.items()))

    def read(self, path: str) -> str:
        """A note's text; what is no UTF-8 in it is replaced. Raises Unavailable, or Broken where it is too large."""
        try:
            opened = os.open(self._folder / path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(opened, "rb") as file:
                content = file.read(_MOST_BYTES + 1)
        except OSError as error:
            raise Unavailable(f"the note cannot be read: {error.strerror}", where=f"notes/{path}") from None
        if len(content) > _MOST_BYTES:
            raise Broken("the note is too large", where=f"notes/{path}", expected=f"at most {_MOST_BYTES} bytes")
        return content.decode("utf-8-sig", "replace")

    def _look(self, path: str) -> dict[str, str]:
        try:
            status = os.lstat(path)
        except FileNotFoundError:
            return {}
        if not stat.S_ISREG(status.st_mode):
            return {}
        marks = (status.st_mtime_ns, status.st_ctime_ns, status.st_size, status.st_ino)
        return {Path(path).relative_to(self._folder).as_posix(): "-".join(map(str, marks))}


def _refuse(error: OSError) -> None:
    raise Unavailable(f"the folder cannot be listed: {error.strerror}", where=str(error.filename)) from None


def _is_utf8(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
