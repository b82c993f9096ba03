"""What a file was before an act changed it, kept in the workspace under the act's key, so that it can be undone.

`.undo/KEY` holds one line of JSON and after it the content as it was. Everything here blocks.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import msgspec

from platos.core.digest import digest_bytes
from platos.tools._place import folder_at, read_plain, sync, write_part

__all__ = ["ABSENT", "Before", "Kept", "keep", "kept", "stamp"]

ABSENT = "absent"
"""What stands where no file stands."""

_FOLDER = (".undo",)
_MOST_HEAD = 2_000
_KEY = re.compile("[0-9a-f]{64}")


class Before(msgspec.Struct, frozen=True, kw_only=True):
    """Which file, and the digests of what stood there before the act and after it; `absent` where nothing did."""

    path: str
    before: str
    after: str


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one act. `content` is None where there was no file."""

    act: Before
    content: bytes | None


def stamp(content: bytes | None) -> str:
    """The digest of a file's content."""
    return ABSENT if content is None else digest_bytes(content)


def keep(root: Path, key: str, path: str, before: bytes | None, after: str, most: int) -> None:
    """Keep what stands before an act; of the acts before it, the latest `most` stay."""
    act = Before(path=path, before=stamp(before), after=after)
    with folder_at(root, _FOLDER, make=True) as folder:
        assert folder is not None
        write_part(folder, f"{key}.part", msgspec.json.encode(act) + b"\n" + (before or b""), 0o600)
        os.replace(f"{key}.part", key, src_dir_fd=folder, dst_dir_fd=folder)
        _forget(folder, most)
        sync(folder)


def kept(root: Path, key: str, most_bytes: int) -> Kept | None:
    """What is kept of an act; None where nothing is, or nothing that can be used."""
    with folder_at(root, _FOLDER) as folder:
        if folder is None:
            return None
        data = read_plain(folder, key, f".undo/{key}", most_bytes + _MOST_HEAD)
    head, found, content = (data or b"").partition(b"\n")
    if not found:
        return None
    try:
        act = msgspec.json.decode(head, type=Before)
    except msgspec.MsgspecError:
        return None
    before = None if act.before == ABSENT else content
    return Kept(act=act, content=before) if stamp(before) == act.before else None


def _forget(folder: int, most: int) -> None:
    names = [name for name in os.listdir(folder) if _KEY.fullmatch(name)]
    ages = sorted((os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime_ns, name) for name in names)
    for _, name in ages[:-most]:
        os.unlink(name, dir_fd=folder)
