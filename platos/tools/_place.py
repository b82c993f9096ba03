"""Folders and files of the workspace, reached part by part and without following a link: no path leads out.

Everything here blocks.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

from platos.errors import Broken, PermissionDenied, Unavailable

__all__ = ["OwnFolder", "PlainPath", "folder_at", "open_plain", "read_plain", "sync", "write_part"]

_MOST_PATH = 400
_MOST_PART = 100
_PART = re.compile(r"\w(?:[\w .+@=,-]*[\w+=-])?")
_OURS = ("specialists",)
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def _plain(path: str) -> str:
    """Parts that begin with a letter, a digit or an underscore: nothing hidden, no `..`, no option of a program."""
    parts = path.split("/")
    if len(path) > _MOST_PATH or not all(_PART.fullmatch(part) and len(part) <= _MOST_PART for part in parts):
        raise ValueError("a relative path of plain names is expected, as in notes/2026/march.md")
    return path


def _own(folder: str) -> str:
    if _plain(folder).split("/")[0] in _OURS:
        raise ValueError("specialists are described by people: another folder is expected")
    return folder


PlainPath = Annotated[str, AfterValidator(_plain)]
"""A path below a folder, as a model or an actor may ask for it."""

OwnFolder = Annotated[str, AfterValidator(_own)]
"""A folder or file inside the workspace, as its owner names it for a tool to write to."""


@contextmanager
def folder_at(root: Path, parts: Sequence[str], *, make: bool = False) -> Iterator[int | None]:
    """The folder, open; None where there is none and none is to be made.

    Raises PermissionDenied where a link or a file stands in the place of a folder, and Unavailable.
    """
    opened: int | None = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for number, part in enumerate(parts, 1):
            assert opened is not None
            deeper = _step(opened, part, "/".join(parts[:number]), make)
            os.close(opened)
            opened = deeper
            if opened is None:
                break
        yield opened
    finally:
        if opened is not None:
            os.close(opened)


def _step(folder: int, part: str, where: str, make: bool) -> int | None:
    try:
        if make:
            with suppress(FileExistsError):
                os.mkdir(part, dir_fd=folder)
                os.fsync(folder)
        return os.open(part, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if error.errno in (errno.ENOTDIR, errno.ELOOP):
            raise _in_the_way(where, "a folder") from None
        raise Unavailable(f"the folder cannot be used: {error.strerror}", where=where) from None


def open_plain(folder: int, name: str, where: str, flags: int) -> int | None:
    """A file, open; None where there is none. Raises PermissionDenied where it is a link or no plain file."""
    try:
        opened = os.open(name, flags | _FILE, 0o666, dir_fd=folder)
    except FileNotFoundError:
        return None
    except OSError as error:
        if _is_link(folder, name):
            raise _in_the_way(where, "a plain file") from None
        raise Unavailable(f"it cannot be opened: {error.strerror}", where=where) from None
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise _in_the_way(where, "a plain file")
    return opened


def read_plain(folder: int, name: str, where: str, most_bytes: int) -> bytes | None:
    """A file's content; None where there is none.

    Raises PermissionDenied where it is a link or no plain file, and Broken where it is larger than `most_bytes`.
    """
    opened = open_plain(folder, name, where, os.O_RDONLY)
    if opened is None:
        return None
    with open(opened, "rb") as file:
        content = file.read(most_bytes + 1)
    if len(content) > most_bytes:
        raise Broken(f"there stands a file of more than {most_bytes:,} bytes", where=where, hint="raise `most_bytes`")
    return content


def write_part(folder: int, name: str, content: bytes, mode: int) -> None:
    """A file with this content, synced, in the place of what may lie there from before a crash."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=folder)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with open(os.open(name, flags, mode, dir_fd=folder), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(folder: int) -> None:
    """What was made, renamed and removed in the folder outlasts a crash from here on."""
    os.fsync(folder)


def _is_link(folder: int, name: str) -> bool:
    return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def _in_the_way(where: str, expected: str) -> PermissionDenied:
    return PermissionDenied(
        "a link, or something else than was expected, stands there",
        where=where,
        expected=expected,
        hint="a tool follows no link: remove it, or name another place",
    )
