"""Definitions: the live view of `specialists/*.md`. An edit takes effect when it is next asked for."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import NamedTuple

from platos.config.settings import Settings
from platos.config.specialist import Parts, read_specialist
from platos.config.workspace import Workspace
from platos.core.mistake import did_you_mean
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError, NotFound

__all__ = ["Definitions"]


class _Stamp(NamedTuple):
    """What changes when a file does."""

    changed: int
    modified: int
    size: int
    inode: int


class Definitions:
    """The specialists of a workspace, as their files say now. Blocking: callers offload it."""

    def __init__(self, workspace: Workspace, settings: Settings, parts: Parts) -> None:
        self._folder = workspace.specialists
        self._defaults = settings.defaults
        self._accounts = tuple(settings.accounts)
        self._servers = tuple(settings.mcp)
        self._parts = parts
        self._read: dict[str, tuple[_Stamp, Specialist | ConfigurationError]] = {}

    def names(self) -> list[str]:
        """The names of the files, broken ones included."""
        return sorted(path.stem for path in self._folder.glob("*.md") if path.is_file() and path.name[0] != ".")

    def has(self, name: str) -> bool:
        """Is there a file of that name?"""
        return self._stamp(name) is not None

    def load(self, name: str) -> Specialist:
        """The specialist as its file says now; the file is read only where it changed.

        Raises NotFound, and ConfigurationError where the file cannot be used.
        """
        found = self._look(name)
        if isinstance(found, ConfigurationError):
            raise found.with_traceback(None)
        return found

    def scan(self) -> dict[str, Specialist | ConfigurationError]:
        """Every specialist, or what is wrong with it. One bad file does not stop the others."""
        found: dict[str, Specialist | ConfigurationError] = {}
        for name in self.names():
            try:
                found[name] = self._look(name)
            except NotFound:
                continue  # taken away in the meantime
        return found

    def _look(self, name: str) -> Specialist | ConfigurationError:
        stamp = self._stamp(name)
        if stamp is None:
            raise self._not_found(name)
        if name not in self._read or self._read[name][0] != stamp:
            self._read[name] = stamp, self._fresh(self._folder / f"{name}.md")
        return self._read[name][1]

    def _stamp(self, name: str) -> _Stamp | None:
        """The stamp of a file; None where there is none of that name. A name is no path."""
        if os.sep in name:
            return None
        try:
            seen = os.stat(f"{self._folder}{os.sep}{name}.md")
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        if not stat.S_ISREG(seen.st_mode):
            return None
        return _Stamp(seen.st_ctime_ns, seen.st_mtime_ns, seen.st_size, seen.st_ino)

    def _fresh(self, path: Path) -> Specialist | ConfigurationError:
        try:
            return read_specialist(path, self._defaults, self._parts, self._accounts, self._servers)
        except ConfigurationError as error:
            return error

    def _not_found(self, name: str) -> NotFound:
        known = self.names()
        return NotFound(
            f"there is no specialist {name!r}",
            where=str(self._folder),
            expected=f"one of {', '.join(known)}" if known else "a file NAME.md",
            hint=did_you_mean(name, known) or "platos new NAME adds one",
        )
