"""outbox: writes a report into a folder of the workspace, for people to read."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from platos.core.digest import digest_bytes
from platos.core.effect import EffectClass, Receipt
from platos.errors import Broken, PermissionDenied, StaleWorld, Unavailable
from platos.ports.part import Environment, tool
from platos.tools._taking_back import TakenBack

__all__ = ["Outbox"]

_NAME_CHARS = 60
_KEY_CHARS = 8
_WRITTEN, _ABSENT, _CHANGED = "as it was written", "absent", "changed"


class OutboxOptions(BaseModel):
    """`folder` is where the reports go, relative to the workspace and inside it."""

    model_config = ConfigDict(extra="forbid")

    folder: str = "outbox"

    @field_validator("folder")
    @classmethod
    def _stays_inside(cls, folder: str) -> str:
        path = PurePosixPath(folder)
        if path.is_absolute() or ".." in path.parts or not path.parts:
            raise ValueError("a folder inside the workspace is expected, as in: outbox")
        return path.as_posix()


class Report(TakenBack):
    """What is written: `name` is for people, and becomes part of the file's name; `text` is Markdown. With `undo`, the
    same report is removed again."""

    name: str = Field(min_length=1)
    text: str


@tool("outbox", version="1")
class Outbox:
    """One file an act, `NAME-KEY.md`. The file stands whole or not at all, so asking for it is proof.

    It is taken back by removing the file, where that still is the report, byte for byte; what is removed is not kept.
    """

    Options = OutboxOptions
    Arguments: ClassVar[type[BaseModel]] = Report
    effect: ClassVar[EffectClass] = EffectClass.PROBED
    outward: ClassVar[bool] = False
    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False

    def __init__(self, options: OutboxOptions, environment: Environment) -> None:
        self._workspace = environment.workspace
        self._folder = options.folder
        self._offload = environment.offload

    async def call(self, arguments: Report, key: str) -> Receipt:
        """Write the report, or remove it. Raises PermissionDenied where the folder leads out of the workspace,
        StaleWorld where what is to be removed is not what was written, or Unavailable."""
        if arguments.undo is not None:
            return await self._offload(self._remove, arguments, arguments.undo)
        return await self._offload(self._write, arguments, key)

    async def probe(self, arguments: Report, key: str) -> Receipt | None:
        """The receipt where the report stands as it was to be written; of a removal, where nothing stands there."""
        if arguments.undo is not None:
            stands = await self._offload(self._standing, arguments, arguments.undo)
            return self._removed(arguments, arguments.undo) if stands == _ABSENT else None
        return await self._offload(self._find, arguments, key)

    async def observe(self, arguments: Report) -> dict[str, str]:
        """Whether the folder can be written to. A report's own file is no precondition: after a crash it may stand."""
        if arguments.undo is not None:
            return {"report": await self._offload(self._standing, arguments, arguments.undo)}
        return {"folder": await self._offload(self._condition)}

    def undo(self, arguments: Report, receipt: Receipt) -> dict[str, Any]:
        """The call that removes the report. Raises Broken where it was removed: what is removed is not kept."""
        if arguments.undo is not None:
            raise Broken("what was removed is not kept", where=self._folder, expected="an act that wrote a report")
        act = str(receipt.data["path"]).removesuffix(".md")[-_KEY_CHARS:]
        return {"name": arguments.name, "text": arguments.text, "undo": act}

    def _write(self, report: Report, key: str) -> Receipt:
        name = _file_name(report.name, key)
        content = report.text.encode()
        try:
            self._place().mkdir(parents=True, exist_ok=True)
            _write_whole(self._place() / name, content)
        except OSError as error:
            raise Unavailable(
                f"the report could not be written: {error.strerror}",
                where=f"{self._folder}/{name}",
                expected="a folder that can be written to, with room on its disk",
                sent=True,
            ) from error
        return self._receipt(name, content)

    def _find(self, report: Report, key: str) -> Receipt | None:
        name = _file_name(report.name, key)
        content = report.text.encode()
        path = self._place() / name
        stands = path.is_file() and not path.is_symlink() and path.read_bytes() == content
        return self._receipt(name, content) if stands else None

    def _remove(self, report: Report, act: str) -> Receipt:
        stands = self._standing(report, act)
        if stands == _CHANGED:
            raise StaleWorld("the report is not what was written", where=self._folder, expected="the same text")
        try:
            if stands == _WRITTEN:
                _unlink(self._place() / _file_name(report.name, act))
        except OSError as error:
            raise Unavailable(
                f"the report could not be removed: {error.strerror}", where=self._folder, sent=True
            ) from error
        return self._removed(report, act)

    def _standing(self, report: Report, act: str) -> str:
        """How what an act wrote stands."""
        path = self._place() / _file_name(report.name, act)
        if not path.is_symlink() and not path.exists():
            return _ABSENT
        same = path.is_file() and not path.is_symlink() and path.read_bytes() == report.text.encode()
        return _WRITTEN if same else _CHANGED

    def _removed(self, report: Report, act: str) -> Receipt:
        path = f"{self._folder}/{_file_name(report.name, act)}"
        return Receipt(summary=f"removed {path}", data={"path": path})

    def _condition(self) -> str:
        place = self._place()
        standing = next(folder for folder in (place, *place.parents) if folder.exists())
        return "writable" if standing.is_dir() and os.access(standing, os.W_OK | os.X_OK) else "not writable"

    def _place(self) -> Path:
        """The folder, with every link followed: it must still be inside the workspace."""
        place = (self._workspace / self._folder).resolve()
        if not place.is_relative_to(self._workspace.resolve()):
            raise PermissionDenied(
                "the outbox leads out of the workspace",
                where=self._folder,
                expected="a folder inside the workspace",
                hint="replace the link by a folder, or name another `folder`",
            )
        return place

    def _receipt(self, name: str, content: bytes) -> Receipt:
        path = f"{self._folder}/{name}"
        data = {"path": path, "bytes": len(content), "sha256": digest_bytes(content)}
        return Receipt(summary=f"wrote {path}, {len(content)} bytes", data=data)


def _file_name(name: str, key: str) -> str:
    """`Advisory: OpenSSL` and `3f9a01c2...` give `advisory-openssl-3f9a01c2.md`: letters, digits and dashes only."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    words = re.sub(r"[^a-z0-9]+", "-", plain)[:_NAME_CHARS].strip("-") or "report"
    return f"{words}-{re.sub('[^a-z0-9]', '', key)[:_KEY_CHARS]}.md"


def _write_whole(path: Path, content: bytes) -> None:
    """The file with this content, or as it was before. It outlasts a crash once this returns."""
    part = path.with_name(f".{path.name}.part")
    opened = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o666)
    with open(opened, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(part, path)
    _sync(path)


def _unlink(path: Path) -> None:
    """The file is gone, and stays so after a crash."""
    path.unlink()
    _sync(path)


def _sync(path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
