"""outbox: writes a report into a folder of the workspace, for people to read."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path, PurePosixPath
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from platos.core.digest import digest_bytes
from platos.core.effect import EffectClass, Receipt
from platos.errors import PermissionDenied, Unavailable
from platos.ports.part import Environment, tool

__all__ = ["Outbox"]

_NAME_CHARS = 60
_KEY_CHARS = 8


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


class Report(BaseModel):
    """What is written: `name` is for people, and becomes part of the file's name; `text` is Markdown."""

    model_config = ConfigDict(extra="forbid")

    name: str = Field(min_length=1)
    text: str


@tool("outbox", version="1")
class Outbox:
    """One file an act, `NAME-KEY.md`. The file stands whole or not at all, so asking for it is proof."""

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
        """Write the report. Raises PermissionDenied where the folder leads out of the workspace, or Unavailable."""
        return await self._offload(self._write, arguments, key)

    async def probe(self, arguments: Report, key: str) -> Receipt | None:
        """The receipt where the report stands as it was to be written."""
        return await self._offload(self._find, arguments, key)

    async def observe(self, arguments: Report) -> dict[str, str]:
        """Whether the folder can be written to. A report's own file is no precondition: after a crash it may stand."""
        return {"folder": await self._offload(self._condition)}

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
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
