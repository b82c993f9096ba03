"""The walk through a folder: which files there are to read, without opening any."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from platos.core.item import Problem
from platos.errors import Unavailable
from platos.sources._file import Stamp, stamp_of

__all__ = ["IN_MAILDIR", "Found", "is_gone", "walk"]

IN_MAILDIR = "//"
"""What stands in a key between a Maildir and a message in it, and in no path."""

_MAILDIR = ("new", "cur")  # in this order a message that is moved meanwhile is seen twice, not never
_MAILDIR_FOLDERS = {"cur", "new", "tmp"}


@dataclass(frozen=True, slots=True)
class Found:
    """A file in the folder.

    `key` tells it from all others, `name` is what its items are called after: the same, except in a Maildir, whose
    messages are called after the Maildir. `path` is where it really lies. A file with a `refusal` is not to be read.
    """

    key: str
    name: str
    path: str
    stamp: Stamp
    in_maildir: bool = False
    refusal: str = ""


def walk(root: Path, patterns: Sequence[str]) -> Iterator[Found | Problem]:
    """Every visible file under `root` that a pattern fits, and what could not be looked at.

    A pattern is tried on the name and on the path relative to `root`, in which `*` also stands for a `/`. Links to
    folders are not followed: where they lead inside `root`, the walk comes there anyway. Raises Unavailable where
    `root` itself cannot be listed.
    """
    unlisted: list[OSError] = []
    for folder, folders, names in os.walk(_listable(root), onerror=unlisted.append):
        links = [name for name in folders if os.path.islink(os.path.join(folder, name))]
        if set(folders).difference(links) >= _MAILDIR_FOLDERS:
            folders[:] = [name for name in folders if name not in _MAILDIR_FOLDERS]
            yield from _maildir(root, folder, patterns)
        folders[:] = [name for name in folders if not name.startswith(".")]
        yield from _files(root, folder, names + links, patterns)
    for error in unlisted:
        yield _unlisted(_relative(root, error.filename), error)


def is_gone(root: Path, key: str) -> bool:
    """Is there surely nothing any more where the file with this key lay? Where nobody may look, that is not sure."""
    try:
        os.lstat(root / key)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def _listable(root: Path) -> Path:
    try:
        os.scandir(root).close()
    except OSError as error:
        raise Unavailable(
            f"the folder cannot be listed: {error.strerror}",
            where=str(root),
            expected="a folder that this process may read",
            hint="create it, or correct `path` in the specialist's sources",
        ) from None
    return root


def _files(root: Path, folder: str, names: Sequence[str], patterns: Sequence[str]) -> Iterator[Found | Problem]:
    for name in names:
        path = os.path.join(folder, name)
        key = _relative(root, path)
        if not name.startswith(".") and _fits(key, name, patterns):
            yield from _look(root, path, key, key)


def _maildir(root: Path, folder: str, patterns: Sequence[str]) -> Iterator[Found | Problem]:
    """The messages of a Maildir, each once: its key is the part of the file's name that no flag changes."""
    name = _relative(root, folder)
    if name != "." and not _fits(name, os.path.basename(folder), patterns):
        return
    messages: dict[str, Found | Problem] = {}
    for part in _MAILDIR:
        try:
            files = os.listdir(os.path.join(folder, part))
        except OSError as error:
            yield _unlisted(f"{name}/{part}", error)
            continue
        for file in files:
            key = f"{name}{IN_MAILDIR}{_text(file.partition(':')[0])}"
            path = os.path.join(folder, part, file)
            if not file.startswith("."):
                messages.update((key, found) for found in _look(root, path, key, name, in_maildir=True))
    yield from messages.values()


def _look(root: Path, path: str, key: str, name: str, *, in_maildir: bool = False) -> Iterator[Found | Problem]:
    """The file at `path`; nothing where it is gone by now, or is a link to a folder that the walk comes to anyway."""
    try:
        target, status, refusal = _resolved(root, path)
    except FileNotFoundError:
        return
    except OSError as error:
        yield Problem(where=key, why=f"cannot be looked at: {error.strerror}")
        return
    if not stat.S_ISDIR(status.st_mode):
        yield Found(key, name, target, stamp_of(status), in_maildir, refusal)


def _resolved(root: Path, path: str) -> tuple[str, os.stat_result, str]:
    """Where a file really lies, its status, and why it is not to be read; the link's own status where that is why."""
    target, status = path, os.lstat(path)
    if stat.S_ISLNK(status.st_mode):
        target = os.path.realpath(path)
        if not Path(target).is_relative_to(root):
            return target, status, "a link that leads out of the folder"
        if not os.path.exists(target):
            return target, status, "a link that leads nowhere"
        status = os.stat(target)
    regular = stat.S_ISREG(status.st_mode)
    return target, status, "" if regular else "not a file that can be read: a pipe, a socket or a device"


def _unlisted(where: str, error: OSError) -> Problem:
    return Problem(where=where, why=f"cannot be listed: {error.strerror}")


def _fits(key: str, name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) or fnmatchcase(key, pattern) for pattern in patterns)


def _relative(root: Path, path: str) -> str:
    return _text(path[len(str(root)) :].lstrip("/") or ".")


def _text(name: str) -> str:
    """A file's name as text that can be stored: bytes that are no UTF-8 are written out."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
