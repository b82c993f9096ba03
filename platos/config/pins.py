"""Pins: what somebody accepted of the tools of MCP servers, kept in `platos.lock` beside `platos.toml`.

A file and not the store, for it belongs to what the owner writes and reviews: a change of it is a line in their version
control, and who may write there may also name any command. Which pin a call was allowed under is in the journal.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import msgspec

from platos.config.workspace import LOCK_FILE
from platos.core.digest import digest
from platos.errors import ConfigurationError

__all__ = ["Listed", "Pin", "read_pins", "write_pin"]

_FORMAT = 1
_MOST_BYTES = 16_000_000


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A tool as its server lists it: all that is shown of it, and all that calls are checked by.

    `reached` is the server's command or URL, as the owner wrote it; `said` is what the server calls itself, and `hints`
    are its claims of what the tool does. None of it is believed.
    """

    server: str
    reached: tuple[str, ...]
    said: str
    tool: str
    title: str
    description: str
    schema: dict[str, Any]
    answers: dict[str, Any] | None = None
    hints: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def name(self) -> str:
        """As in `notes/read_file`: a server's own name has no slash in it."""
        return f"{self.server}/{self.tool}"

    @property
    def pin(self) -> str:
        """The digest of all of it."""
        return digest(self)

    def changes(self, other: Listed) -> list[str]:
        """The names of what is not the same."""
        return [name for name in self.__struct_fields__ if getattr(self, name) != getattr(other, name)]


class Pin(msgspec.Struct, frozen=True, kw_only=True):
    """What was accepted, by whom and when; `pin` is its digest."""

    pin: str
    by: str
    at: str
    listed: Listed


class _File(msgspec.Struct, frozen=True, kw_only=True):
    platos: int
    tools: dict[str, Pin] = msgspec.field(default_factory=dict)


def read_pins(workspace: Path) -> Mapping[str, Pin]:
    """What was accepted so far, by the tools' names; the file is read only where it changed. Blocking.

    Raises ConfigurationError where the file cannot be read, or was changed by anything but `write_pin`.
    """
    path = workspace / LOCK_FILE
    try:
        seen = path.stat()
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _unusable(error.strerror or "it cannot be read") from None
    return _read(path, (seen.st_ctime_ns, seen.st_mtime_ns, seen.st_size, seen.st_ino))


@lru_cache(maxsize=8)
def _read(path: Path, stamp: tuple[int, ...]) -> Mapping[str, Pin]:
    """The file's content; `stamp` is what changes when the file does."""
    try:
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise _unusable(error.strerror or "it cannot be read") from None
    if len(content) > _MOST_BYTES:
        raise _unusable("it is too large")
    try:
        found = msgspec.json.decode(content, type=_File)
    except (msgspec.DecodeError, RecursionError) as error:
        raise _unusable(str(error)) from None
    if found.platos != _FORMAT:
        raise _unusable(f"it is of format {found.platos}, and this version knows {_FORMAT}")
    for name, pin in found.tools.items():
        if pin.listed.name != name or pin.listed.pin != pin.pin:
            raise _unusable(f"what it says of {name} is not what was accepted")
    return MappingProxyType(found.tools)


def write_pin(workspace: Path, pin: Pin) -> None:
    """Keep what was accepted, in the place of what was before. The file stands whole, or as it was. Blocking.

    Raises ConfigurationError, as `read_pins` does, or where the file cannot be written.
    """
    pins: Mapping[str, Pin] = {**read_pins(workspace), pin.listed.name: pin}
    content = msgspec.json.encode(_File(platos=_FORMAT, tools=dict(sorted(pins.items()))), order="deterministic")
    part = workspace / f".{LOCK_FILE}.part"
    try:
        with part.open("wb") as file:
            file.write(msgspec.json.format(content, indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        part.replace(workspace / LOCK_FILE)
    except OSError as error:
        raise _unusable(error.strerror or "it cannot be written") from None


def _unusable(why: str) -> ConfigurationError:
    return ConfigurationError(
        f"the file cannot be used: {why}",
        where=LOCK_FILE,
        expected="the file as platos tools accept wrote it",
        hint="bring it back from your version control, or remove it and accept the tools again",
    )
