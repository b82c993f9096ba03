"""What the doctor finds."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from platos.cli.exits import ExitCode, exit_code
from platos.errors import PlatosError

__all__ = ["Finding", "Level", "fine", "note", "wrong"]


class Level(StrEnum):
    """Good, worth knowing, or to be mended."""

    OK = "ok"
    NOTE = "note"
    WRONG = "wrong"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at; `code` is what a shell learns where it is wrong."""

    level: Level
    about: str
    says: str
    next: str = ""
    code: ExitCode = ExitCode.OK


def fine(about: str, says: str) -> Finding:
    """As it should be."""
    return Finding(level=Level.OK, about=about, says=says)


def note(about: str, says: str, next: str = "") -> Finding:
    """Worth knowing."""
    return Finding(level=Level.NOTE, about=about, says=says, next=next)


def wrong(about: str, error: PlatosError) -> Finding:
    """To be mended."""
    says = f"{error.where}: {error.what}" if error.where else error.what
    says += f" (expected: {error.expected})" if error.expected else ""
    return Finding(level=Level.WRONG, about=about, says=says, next=error.hint, code=exit_code(error))
