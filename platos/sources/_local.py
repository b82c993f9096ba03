"""An address on this machine: `file:PATH` in the workspace, `file:///PATH` where its owner says."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote, urlsplit

from platos.errors import PermissionDenied, Unavailable
from platos.sources._file import open_plain, stamp_of
from platos.sources._web import Answer
from platos.sources._web_body import Body, too_large

__all__ = ["local_answer"]


def local_answer(address: str, workspace: Path, etag: str, most_bytes: int) -> Answer:
    """The file's content under its stamp, as a server would answer under an ETag. Blocking.

    Raises PermissionDenied where a relative path leads out of the workspace, Unavailable where the file cannot be
    read or is being written, and Broken where it is too large.
    """
    path = _path(address, workspace)
    try:
        with open_plain(str(path)) as file:
            stamp = _stamp(file.fileno())
            if stamp == etag:
                return Answer(None)
            data = file.read(most_bytes + 1)
            written = _stamp(file.fileno()) != stamp
    except OSError as error:
        raise Unavailable(f"the file cannot be read: {error.strerror}", where=address) from None
    if written:
        raise Unavailable("the file is being written", where=address)
    if len(data) > most_bytes:
        raise too_large(address, most_bytes)
    return Answer(Body(data), etag=stamp)


def _path(address: str, workspace: Path) -> Path:
    written = Path(unquote(urlsplit(address).path))
    if written.is_absolute():
        return written.resolve()
    path = (workspace / written).resolve()
    if not path.is_relative_to(workspace.resolve()):
        raise PermissionDenied(
            "the path leads out of the workspace", where=address, hint="write file:///PATH where that is meant"
        )
    return path


def _stamp(descriptor: int) -> str:
    return "-".join(str(part) for part in stamp_of(os.fstat(descriptor)))
