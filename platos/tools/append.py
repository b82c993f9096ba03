"""append: adds an entry to a log file of the workspace."""

from __future__ import annotations

import fcntl
import os
import re
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, field_validator

from platos.config.fields import Form
from platos.core.digest import digest_bytes
from platos.core.effect import EffectClass, Receipt
from platos.core.instant import iso
from platos.errors import Unavailable
from platos.ports.part import Environment, tool
from platos.tools._place import OwnFolder, folder_at, open_plain

__all__ = ["Append"]

_CHUNK = 1 << 20
_KEY_CHARS = 16
_MOST_TIME = 40
_MARGIN = "    "
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Entry(BaseModel):
    """What is added: one line, or several."""

    model_config = ConfigDict(extra="forbid")

    text: str = Field(min_length=1, max_length=20_000)

    @field_validator("text")
    @classmethod
    def _plain(cls, text: str) -> str:
        if _CONTROL.search(text) or not text.strip():
            raise ValueError("text without control characters is expected")
        return text


@tool("append", version="1")
class Append:
    """One entry an act: `TIME KEY TEXT`. Further lines of its text stand behind a margin, so that no text can pass for
    an entry of its own, and the whole entry under its key is proof.

    The file is locked (flock) for the length of the act. What another left without an end of line is ended first.
    """

    class Options(Form):
        """`path` is the log, which is made where there is none."""

        path: OwnFolder = Field("log.txt", description="a file inside the workspace", examples=["logs/decisions.txt"])

    Arguments: ClassVar[type[BaseModel]] = Entry
    effect: ClassVar[EffectClass] = EffectClass.PROBED
    outward: ClassVar[bool] = False
    once_per: ClassVar[tuple[str, ...]] = ()
    repeatable: ClassVar[bool] = False

    def __init__(self, options: Options, environment: Environment) -> None:
        self._path = options.path
        self._root, self._clock, self._offload = environment.workspace, environment.clock, environment.offload

    async def call(self, arguments: Entry, key: str) -> Receipt:
        """Add the entry, unless it stands. Raises PermissionDenied where a link stands in the way, or Unavailable."""
        return await self._offload(self._add, _body(arguments, key), iso(self._clock.now()), key)

    async def probe(self, arguments: Entry, key: str) -> Receipt | None:
        """The receipt where the whole entry stands in the log."""
        return await self._offload(self._find, _body(arguments, key), key)

    async def observe(self, arguments: Entry) -> dict[str, str]:
        """Nothing: a log is added to, whatever it holds."""
        return {}

    async def preview(self, arguments: Entry) -> str:
        """The entry, as the diff would have it."""
        lines = _body(arguments, "KEY").decode().splitlines()
        return "".join(f"+{line}\n" for line in (f"{self._path}: TIME{lines[0]}", *lines[1:]))

    def _add(self, body: bytes, now: str, key: str) -> Receipt:
        *folders, name = self._path.split("/")
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
        with folder_at(self._root, folders, make=True) as folder:
            assert folder is not None
            log = open_plain(folder, name, self._path, flags)
            assert log is not None
            try:
                fcntl.flock(log, fcntl.LOCK_EX)
                if not _stands(log, body):
                    _write(log, _ended(log) + now.encode() + body)
                    os.fsync(log)
                    os.fsync(folder)
            except OSError as error:
                raise Unavailable(
                    f"the entry could not be added: {error.strerror}", where=self._path, sent=True
                ) from error
            finally:
                os.close(log)
        return self._receipt(body, key)

    def _find(self, body: bytes, key: str) -> Receipt | None:
        *folders, name = self._path.split("/")
        with folder_at(self._root, folders) as folder:
            log = None if folder is None else open_plain(folder, name, self._path, os.O_RDONLY)
        if log is None:
            return None
        try:
            return self._receipt(body, key) if _stands(log, body) else None
        finally:
            os.close(log)

    def _receipt(self, body: bytes, key: str) -> Receipt:
        data = {"path": self._path, "entry": key[:_KEY_CHARS], "sha256": digest_bytes(body)}
        return Receipt(summary=f"added an entry to {self._path}", data=data)


def _body(entry: Entry, key: str) -> bytes:
    """The entry from its key on: what follows the time."""
    text = entry.text.strip("\n").replace("\n", f"\n{_MARGIN}")
    return f" {key[:_KEY_CHARS]} {text}\n".encode()


def _stands(log: int, body: bytes) -> bool:
    """Does the whole entry stand there, after a time at the beginning of a line?"""
    entry = re.compile(rb"\n\d{4}-\d\d-\d\dT[0-9:.]+Z" + re.escape(body))
    overlap, held, at = len(body) + _MOST_TIME, b"\n", 0
    while chunk := os.pread(log, _CHUNK, at):
        if entry.search(held + chunk):
            return True
        at += len(chunk)
        held = (held + chunk)[-overlap:]
    return False


def _ended(log: int) -> bytes:
    """What ends the last line, where it has no end."""
    size = os.fstat(log).st_size
    return b"\n" if size and os.pread(log, 1, size - 1) != b"\n" else b""


def _write(log: int, entry: bytes) -> None:
    """All of it or nothing: what a full disk cuts off is taken back."""
    start = os.fstat(log).st_size
    done = os.write(log, entry)
    if done < len(entry):
        if os.fstat(log).st_size == start + done:
            os.ftruncate(log, start)
        raise OSError(28, "No space left on device")
