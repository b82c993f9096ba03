"""One file: its stamp, an opening that follows no link, and a bounded reading of it."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, BinaryIO, NamedTuple

from platos.core.instant import Instant

__all__ = ["Head", "Stamp", "chunks", "decoded", "head_of", "open_plain", "stamp_of"]

_CHUNK = 65_536


class Stamp(NamedTuple):
    """What the file system says of one version of a file. Any write, and any change of its times, makes another."""

    modified_ns: int
    changed_ns: int
    size: int
    inode: int

    @property
    def modified(self) -> Instant:
        return self.modified_ns // 1000


class Head(NamedTuple):
    """The first bytes of a content, and the size and SHA-256 of all of it."""

    data: bytes
    size: int
    sha256: str

    @property
    def truncated(self) -> bool:
        return self.size > len(self.data)

    def measures(self) -> dict[str, Any]:
        """The fields that stand for what was cut off, so that a change in it is a change of the item."""
        return {"truncated": True, "bytes": self.size, "sha256": self.sha256} if self.truncated else {}


def stamp_of(stat: os.stat_result) -> Stamp:
    """The stamp in a stat's answer."""
    return Stamp(stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino)


def open_plain(path: str) -> BinaryIO:
    """Open for reading. A link put in the file's place is refused, a pipe does not block. Raises OSError."""
    opened = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        return os.fdopen(opened, "rb")
    except OSError:  # a folder
        os.close(opened)
        raise


def chunks(file: BinaryIO) -> Iterator[bytes]:
    """What is left of a file, a little at a time."""
    while chunk := file.read(_CHUNK):
        yield chunk


def head_of(content: Iterable[bytes], most_bytes: int) -> Head:
    """The head of a content that may be larger than memory."""
    kept, size, hashed = bytearray(), 0, sha256()
    for chunk in content:
        kept += chunk[: most_bytes - len(kept)]
        size += len(chunk)
        hashed.update(chunk)
    return Head(bytes(kept), size, hashed.hexdigest())


def decoded(data: bytes, *, whole: bool) -> tuple[str, bool]:
    """UTF-8 as text, and whether it was that; what cannot be decoded is replaced.

    Where `data` is not the `whole`, a character that was cut in two at its end is dropped.
    """
    decoder = codecs.getincrementaldecoder("utf-8-sig")
    try:
        return decoder("strict").decode(data, final=whole), True
    except UnicodeDecodeError:
        return decoder("replace").decode(data, final=whole), False
