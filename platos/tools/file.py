"""file: writes a whole file below a folder of the workspace, and can undo it."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from platos.config.fields import Form
from platos.core.effect import EffectClass, Receipt
from platos.errors import Broken, Failure, PermissionDenied, StaleWorld, Unavailable
from platos.ports.part import Environment, tool
from platos.tools._diff import diff
from platos.tools._place import OwnFolder, PlainPath, folder_at, read_plain, sync, write_part
from platos.tools._undo import Before, keep, kept, stamp

__all__ = ["File"]

_KEY = r"^[0-9a-f]{64}$"


class Change(BaseModel):
    """A file below the folder, and either its whole new `text`, or the act to `undo`, by `undo` of its receipt."""

    model_config = ConfigDict(extra="forbid")

    path: PlainPath
    text: str | None = Field(None, max_length=1_000_000)
    undo: str | None = Field(None, pattern=_KEY)

    @model_validator(mode="after")
    def _one_of_both(self) -> Change:
        if (self.text is None) == (self.undo is None):
            raise ValueError("either text or undo is expected, and not both")
        return self


@tool("file", version="1")
class File:
    """The file stands whole or not at all, and is written only where what stands there is what was seen before.

    What stood there is kept in `.undo`, under the act's key: that the act is kept there, and the file stands as it was
    to be, is proof. An undo is an act like any other: it asks, compares and leaves a receipt, and can be undone.
    """

    class Options(Form):
        """`most_bytes` is how large a file may be, before and after; the latest `keep` acts can be undone."""

        folder: OwnFolder = Field("files", description="inside the workspace", examples=["notes"])
        most_bytes: int = Field(200_000, ge=1, le=10_000_000)
        keep: int = Field(200, ge=1, le=100_000)

    Arguments: ClassVar[type[BaseModel]] = Change
    effect: ClassVar[EffectClass] = EffectClass.PROBED
    outward: ClassVar[bool] = False
    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False

    def __init__(self, options: Options, environment: Environment) -> None:
        self._options = options
        self._root = environment.workspace
        self._offload = environment.offload

    async def call(self, arguments: Change, key: str) -> Receipt:
        """As `call_if`, whatever stands there."""
        return await self.call_if(arguments, key, await self.observe(arguments))

    async def call_if(self, arguments: Change, key: str, world: Mapping[str, str]) -> Receipt:
        """Write the file, or undo. Raises StaleWorld where something else stands there than was seen, PermissionDenied
        where a link stands in the way, Broken where it is too large or there is nothing to undo, or Unavailable."""
        return await self._offload(self._set, arguments, key, dict(world))

    async def probe(self, arguments: Change, key: str) -> Receipt | None:
        """The receipt where the act is kept under its key, and the file stands as the act left it."""
        return await self._offload(self._find, arguments, key)

    async def observe(self, arguments: Change) -> dict[str, str]:
        """The digest of what stands there, or `absent`."""
        return {self._where(arguments): stamp(await self._offload(self._standing, arguments))}

    async def preview(self, arguments: Change) -> str:
        """A unified diff. Raises as `call_if` does."""
        return await self._offload(self._diff, arguments)

    def undo(self, arguments: Change, receipt: Receipt) -> dict[str, Any]:
        """The call that puts back what stood there before. Raises Broken where the receipt names no act."""
        act = receipt.data.get("undo")
        if act is None:
            raise Broken("its receipt does not say which act it is of", where=self._where(arguments))
        return {"path": arguments.path, "undo": act}

    def _set(self, change: Change, key: str, world: dict[str, str]) -> Receipt:
        done = self._find(change, key)
        if done is not None:
            return done
        where, standing = self._where(change), self._standing(change)
        wanted = self._wanted(change, standing)
        self._check_size(where, wanted)
        _compare(where, world, stamp(standing))
        try:
            keep(self._root, key, where, standing, stamp(wanted), self._options.keep)
            with folder_at(self._root, where.split("/")[:-1], make=True) as folder:
                assert folder is not None
                self._replace(folder, where, key, wanted, stamp(standing))
                sync(folder)
        except OSError as error:
            raise Unavailable(
                f"the file could not be written: {error.strerror}",
                where=where,
                expected="a folder that can be written to, with room on its disk",
                sent=True,
            ) from error
        return self._receipt(key, Before(path=where, before=stamp(standing), after=stamp(wanted)))

    def _replace(self, folder: int, where: str, key: str, wanted: bytes | None, before: str) -> None:
        """The file as it is wanted. What stands is looked at once more, right before it is replaced."""
        name = where.rpartition("/")[2]
        part = f".{key[:16]}.part"
        if wanted is not None:
            write_part(folder, part, wanted, _mode(folder, name))
        try:
            _compare(where, {where: before}, stamp(read_plain(folder, name, where, self._options.most_bytes)))
        except Failure:
            with suppress(FileNotFoundError):
                os.unlink(part, dir_fd=folder)
            raise
        if wanted is None:
            with suppress(FileNotFoundError):
                os.unlink(name, dir_fd=folder)
        else:
            os.replace(part, name, src_dir_fd=folder, dst_dir_fd=folder)

    def _find(self, change: Change, key: str) -> Receipt | None:
        mine = kept(self._root, key, self._options.most_bytes)
        stands = mine is not None and mine.act.after == stamp(self._standing(change))
        return self._receipt(key, mine.act) if mine is not None and stands else None

    def _diff(self, change: Change) -> str:
        standing = self._standing(change)
        return diff(self._where(change), standing, self._wanted(change, standing))

    def _wanted(self, change: Change, standing: bytes | None) -> bytes | None:
        """What is to stand there; None where no file is."""
        if change.undo is None:
            return (change.text or "").encode()
        where, before = self._where(change), kept(self._root, change.undo, self._options.most_bytes)
        if before is None:
            raise Broken("nothing is kept of that act", where=where, expected="`undo` of a receipt of this tool")
        if before.act.path != where:
            raise PermissionDenied("that act was about another file", where=where, expected=before.act.path)
        _compare(where, {where: before.act.after}, stamp(standing))
        return before.content

    def _check_size(self, where: str, wanted: bytes | None) -> None:
        if wanted is not None and len(wanted) > self._options.most_bytes:
            raise Broken(f"the text has {len(wanted):,} bytes", where=where, expected=f"{self._options.most_bytes:,}")

    def _standing(self, change: Change) -> bytes | None:
        where = self._where(change)
        *folders, name = where.split("/")
        with folder_at(self._root, folders) as folder:
            return None if folder is None else read_plain(folder, name, where, self._options.most_bytes)

    def _where(self, change: Change) -> str:
        return f"{self._options.folder}/{change.path}"

    def _receipt(self, key: str, act: Before) -> Receipt:
        did = f"removed {act.path}" if act.after == stamp(None) else f"wrote {act.path}"
        return Receipt(
            summary=did, data={"path": act.path, "sha256_before": act.before, "sha256": act.after, "undo": key}
        )


def _compare(where: str, world: Mapping[str, str], stands: str) -> None:
    expected = world.get(where)
    if expected != stands:
        raise StaleWorld(
            "the file has changed since it was looked at", where=where, expected=f"{expected}, and there is {stands}"
        )


def _mode(folder: int, name: str) -> int:
    """The permissions of the file that stands there, or of a new one, as the umask says."""
    try:
        return stat.S_IMODE(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode) & 0o777
    except FileNotFoundError:
        return 0o666
