"""The workspace: a folder with `platos.toml`, `specialists/*.md`, and the state in `.platos/`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from platos.errors import NotFound, StoreError

__all__ = ["LOCK_FILE", "SETTINGS_FILE", "Workspace", "find_workspace", "private_file"]

SETTINGS_FILE = "platos.toml"
LOCK_FILE = "platos.lock"


@dataclass(frozen=True)
class Workspace:
    """Where everything of one user's lies. `root` is absolute."""

    root: Path

    @property
    def settings_file(self) -> Path:
        return self.root / SETTINGS_FILE

    @property
    def specialists(self) -> Path:
        return self.root / "specialists"

    @property
    def templates(self) -> Path:
        return self.root / "templates"

    @property
    def notes(self) -> Path:
        return self.root / "notes"

    @property
    def outbox(self) -> Path:
        return self.root / "outbox"

    @property
    def state(self) -> Path:
        return self.root / ".platos"

    def prepare_state(self) -> Path:
        """The state folder, there and open to its owner alone, whatever the umask and whatever it was before.

        Raises StoreError.
        """
        try:
            self.state.mkdir(mode=0o700, exist_ok=True)
            self.state.chmod(0o700)
        except OSError as error:
            raise StoreError(
                f"the state folder cannot be made private: {error.strerror}",
                where=str(self.state),
                expected="a folder that belongs to you",
                hint="move what is there away, or choose a folder that you may write to",
            ) from error
        return self.state


def find_workspace(start: Path | None = None) -> Workspace:
    """The workspace around `start`, or around the current folder. Raises NotFound."""
    here = (start or Path.cwd()).absolute()
    for folder in (here, *here.parents):
        if (folder / SETTINGS_FILE).is_file():
            return Workspace(folder)
    raise NotFound(
        "there is no workspace here",
        where=str(here),
        expected=f"{SETTINGS_FILE} in this folder or in one above it",
        hint="platos init DIR makes one; --workspace DIR names one that is elsewhere",
    )


def private_file(path: Path) -> Path:
    """`path` as a file that only its owner may open, whatever the umask; what it holds stays.

    It is opened and closed here, so for a database this must happen before SQLite has it open. Raises OSError, also
    where the path is a link.
    """
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(handle, 0o600)
    finally:
        os.close(handle)
    return path
