"""Quarantine: once damage was found, nothing opens the state for writing until somebody has looked. It can be read.

A small file in the state folder says what was found, and where; its time is when. It is no part of the state file, for
that is not to be changed any more.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import msgspec

from platos.core.instant import Instant, iso
from platos.errors import StoreCorrupt
from platos.store import durable

__all__ = ["FILE", "Damage", "damage_in", "lift", "note", "quarantine", "refuse_damaged"]

FILE = "damaged.json"


class Damage(NamedTuple):
    """What was found, where, and when."""

    what: str
    where: str
    when: Instant


class _Note(msgspec.Struct, frozen=True):
    """The file's content."""

    what: str
    where: str


def quarantine(folder: Path, error: StoreCorrupt) -> None:
    """Note what was found in a state folder; the first finding stays. Blocking.

    Whoever finds damage calls this. Where the note cannot be written, the error itself is all that tells.
    """
    if not (folder / FILE).exists():
        with suppress(OSError):
            note(folder, error.what, error.where)


def note(folder: Path, what: str, where: str) -> None:
    """Begin a quarantine, or say something else of one. Blocking. Raises OSError."""
    durable.write(folder / FILE, msgspec.json.encode(_Note(what, where)))


def damage_in(folder: Path) -> Damage | None:
    """What was found in a state folder, or None. Blocking."""
    try:
        when = (folder / FILE).stat().st_mtime_ns // 1_000
        note = msgspec.json.decode((folder / FILE).read_bytes(), type=_Note)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError:
        note = _Note("what was found cannot be read", FILE)
    return Damage(note.what, note.where, when)


def refuse_damaged(folder: Path) -> None:
    """Raises StoreCorrupt, saying what was found, while a state folder is in quarantine. Blocking."""
    damage = damage_in(folder)
    if damage is not None:
        raise StoreCorrupt(
            f"damage was found at {iso(damage.when)}, and nothing is written any more: {damage.what}",
            where=damage.where or str(folder),
            hint="platos restore FILE brings a backup back; platos doctor --state verifies everything, and lets work"
            " go on if all is sound",
        )


def lift(folder: Path) -> bool:
    """Everything was verified and is sound: work may go on. False where it might before. Blocking."""
    if not (folder / FILE).exists():
        return False
    durable.remove(folder / FILE)
    return True
