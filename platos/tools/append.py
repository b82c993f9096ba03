"""append: adds an entry to a log file of the workspace."""

from __future__ import annotations

import fcntl
import os
import re
from typing import Any, ClassVar

from pydantic import BaseModel, Field, field_validator

from platos.config.fields import Form
from platos.core.digest import digest_bytes
from platos.core.effect import EffectClass, Receipt
from platos.core.instant import iso
from platos.errors import Broken, StaleWorld, Unavailable
from platos.ports.part import Environment, tool
from platos.tools._place import OwnFolder, folder_at, open_plain
from platos.tools._taking_back import TakenBack

__all__ = ["Append"]

_CHUNK = 1 << 20
_KEY_CHARS = 16
_MOST_TIME = 40
_MARGIN = "    "
_LAST = "the last"
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Entry(TakenBack):
    """What is added: one line, or several. With `undo`, the same entry is cut off again."""

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

    The file is locked (flock) for the length of the act. What another left without an end of line is ended first. An
    entry is taken back as long as it is the last thing in the log; what others wrote after it is never cut off.
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
        """Add the entry, unless it stands, or cut it off. Raises PermissionDenied where a link stands in the way,
        StaleWorld where what is to be cut off is not the last entry, or Unavailable."""
        if arguments.undo is not None:
            return await self._offload(self._cut_off, _body(arguments, arguments.undo), arguments.undo)
        return await self._offload(self._add, _body(arguments, key), iso(self._clock.now()), key)

    async def probe(self, arguments: Entry, key: str) -> Receipt | None:
        """The receipt where the whole entry stands in the log; of one that is cut off, where it does not."""
        if arguments.undo is not None:
            stands = await self._offload(self._find, _body(arguments, arguments.undo), arguments.undo)
            return self._cut(arguments.undo) if stands is None else None
        return await self._offload(self._find, _body(arguments, key), key)

    async def observe(self, arguments: Entry) -> dict[str, str]:
        """Nothing: a log is added to, whatever it holds. Of an entry that is to be cut off, whether it is the last."""
        if arguments.undo is None:
            return {}
        return {"entry": await self._offload(self._standing, _body(arguments, arguments.undo))}

    def undo(self, arguments: Entry, receipt: Receipt) -> dict[str, Any]:
        """The call that cuts the entry off. Raises Broken where it was cut off: what is cut off is not kept."""
        if arguments.undo is not None:
            raise Broken("what was cut off is not kept", where=self._path, expected="an act that added an entry")
        return {"text": arguments.text, "undo": receipt.data["entry"]}

    async def preview(self, arguments: Entry) -> str:
        """The entry, as the diff would have it."""
        lines, sign = _body(arguments, arguments.undo or "KEY").decode().splitlines(), "-" if arguments.undo else "+"
        return "".join(f"{sign}{line}\n" for line in (f"{self._path}: TIME{lines[0]}", *lines[1:]))

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

    def _cut_off(self, body: bytes, act: str) -> Receipt:
        *folders, name = self._path.split("/")
        with folder_at(self._root, folders) as folder:
            log = None if folder is None else open_plain(folder, name, self._path, os.O_RDWR)
        if log is None:
            return self._cut(act)
        try:
            fcntl.flock(log, fcntl.LOCK_EX)
            start = _last(log, body)
            if start is None and _stands(log, body):
                raise StaleWorld("it is not the last entry any more", where=self._path, expected=_LAST)
            if start is not None:
                os.ftruncate(log, start)
                os.fsync(log)
        except OSError as error:
            raise Unavailable(
                f"the entry could not be cut off: {error.strerror}", where=self._path, sent=True
            ) from error
        finally:
            os.close(log)
        return self._cut(act)

    def _standing(self, body: bytes) -> str:
        """Where in the log an entry stands."""
        *folders, name = self._path.split("/")
        with folder_at(self._root, folders) as folder:
            log = None if folder is None else open_plain(folder, name, self._path, os.O_RDONLY)
        if log is None:
            return "absent"
        try:
            return _LAST if _last(log, body) is not None else "not the last" if _stands(log, body) else "absent"
        finally:
            os.close(log)

    def _cut(self, act: str) -> Receipt:
        return Receipt(summary=f"cut an entry off {self._path}", data={"path": self._path, "entry": act[:_KEY_CHARS]})

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


def _last(log: int, body: bytes) -> int | None:
    """Where the last entry begins, where it is this one; else None."""
    size = os.fstat(log).st_size
    first = max(0, size - len(body) - _MOST_TIME - 1)
    tail = os.pread(log, size - first, first)
    found = re.search(rb"(?:\A|\n)(\d{4}-\d\d-\d\dT[0-9:.]+Z)" + re.escape(body) + rb"\Z", tail)
    if found is None or (first and found.start(1) == 0):
        return None
    return first + found.start(1)


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
