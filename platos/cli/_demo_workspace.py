"""The workspace of the demo: a folder that is new, a specialist in it, and what arrives in its inbox, and when."""

from __future__ import annotations

import os
from collections.abc import Iterator
from importlib.resources import files
from itertools import count
from pathlib import Path
from typing import NamedTuple

from platos.config.workspace import SETTINGS_FILE, Workspace
from platos.core.instant import HOUR, MINUTE, Instant, Span
from platos.errors import UsageError

__all__ = [
    "SPECIALIST",
    "Arrival",
    "arrivals",
    "deliver",
    "make_crash_workspace",
    "make_workspace",
    "notices",
    "usual_post",
]

SPECIALIST = "vendor-watch"

_FILES = files("platos.cli") / "demo_files"


class Arrival(NamedTuple):
    """A file that comes into the inbox, so long after midnight."""

    after: Span
    name: str
    content: bytes


def make_workspace(wanted: Path) -> Path:
    """A workspace whose inbox is still empty: at `wanted`, or beside it where something is there. Its root.

    Raises UsageError where it cannot be made.
    """
    root = _new_folder(wanted.absolute())
    specialist = Workspace(root).specialists / f"{SPECIALIST}.md"
    _copy("platos.toml", root / SETTINGS_FILE)
    _copy(f"{SPECIALIST}.md", specialist)
    (root / "inbox").mkdir()
    return root


def make_crash_workspace(wanted: Path) -> Path:
    """The same with a model that takes its time, the notices in the inbox, and a place for the state."""
    root = make_workspace(wanted)
    for name in (SETTINGS_FILE, "pause.py"):
        _copy(f"crash/{name}", root / name)
    for arrival in notices():
        (root / "inbox" / arrival.name).write_bytes(arrival.content)
    Workspace(root).prepare_state()
    return root


def arrivals() -> list[Arrival]:
    """What arrives on the day, in order."""
    return sorted([*usual_post(), *notices()])


def usual_post() -> list[Arrival]:
    """That part of it which is not worth a report, in order."""
    return sorted(_read("day"))


def notices() -> list[Arrival]:
    """The rest of it, in order."""
    return sorted(_read("notices"))


def deliver(root: Path, arrival: Arrival, at: Instant) -> None:
    """Put a file into the inbox, as written at that moment. Blocking."""
    path = root / "inbox" / arrival.name
    path.write_bytes(arrival.content)
    os.utime(path, ns=(at * 1000, at * 1000))


def _new_folder(wanted: Path) -> Path:
    """A folder that was not there before. Raises UsageError."""
    for number in count(1):
        root = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        try:
            root.mkdir(parents=True)
        except FileExistsError:
            continue
        except OSError as error:
            raise UsageError(
                f"the workspace cannot be made there: {error.strerror}",
                where=str(root),
                expected="a folder that you may write to",
                hint="name another place: platos demo DIR",
            ) from None
        return root
    raise AssertionError("there is always a next number")


def _copy(name: str, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    target.write_bytes((_FILES / name).read_bytes())


def _read(folder: str) -> Iterator[Arrival]:
    """The files of a folder. `0612-weekly.eml` arrives at 06:12 as `weekly.eml`."""
    for file in (_FILES / folder).iterdir():
        time, _, name = file.name.partition("-")
        yield Arrival(int(time[:2]) * HOUR + int(time[2:]) * MINUTE, name, file.read_bytes())
