"""Where a replay happens: a folder that is thrown away, and an app whose specialist lives in it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from platos.app import App, WorkspaceParts, load_workspace
from platos.clock import VirtualClock
from platos.config.workspace import Workspace, find_workspace
from platos.core.specialist import Specialist
from platos.errors import ConfigurationError, NotFound
from platos.ports.part import PartKind

__all__ = ["app_around", "in_scratch", "scratch_folder"]

_MEMORY = Path("/dev/shm")
_ROOM = 64
"""Times the stream's size that there must be in memory; the store takes about a tenth of that."""
_LEAST_ROOM = 64 * 1024 * 1024


def app_around(folder: Path, workspace: Path | None, flags: Mapping[str, str], environ: Mapping[str, str]) -> App:
    """The app that a specialist in `folder` belongs to, on the virtual clock and one thread.

    Its settings come from the named workspace or the one around the folder; else they are the defaults. Raises
    NotFound where what was named is no workspace, and ConfigurationError.
    """
    try:
        found = find_workspace(workspace or folder)
    except NotFound:
        if workspace is not None:
            raise
        found = Workspace(folder)
    return load_workspace(found, flags=flags, environ=environ, clock=VirtualClock(0), inline=True)


@contextmanager
def scratch_folder(stream: Path) -> Iterator[Path]:
    """A folder for the length of the block: in memory where there is room for the stream's store, else on disk."""
    size = stream.stat().st_size if stream.exists() else 0
    folder = Path(tempfile.mkdtemp(prefix="platos-replay-", dir=_MEMORY if _has_room(size) else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _has_room(size: int) -> bool:
    return os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free > _LEAST_ROOM + _ROOM * size


def in_scratch(app: App, specialist: Specialist, home: Path, scratch: Path) -> App:
    """The app with one specialist, whose state, sources and tools are in the scratch folder.

    Relative paths in its tiers start from `home`, the folder of its file.
    """
    parts = app.parts
    return replace(
        app,
        workspace=Workspace(scratch),
        parts=_ScratchParts(parts.registry, replace(parts.environment, workspace=home), parts.settings, scratch),
        definitions=_Alone(specialist),
    )


@dataclass(frozen=True)
class _ScratchParts(WorkspaceParts):
    """Parts of which sources and tools have the scratch folder for a workspace."""

    scratch: Path

    def build(self, kind: PartKind, name: str, options: Mapping[str, Any]) -> Any:
        environment = self.environment
        if kind in ("source", "tool"):
            environment = replace(environment, workspace=self.scratch)
        return WorkspaceParts(self.registry, environment, self.settings).build(kind, name, options)


@dataclass(frozen=True)
class _Alone:
    """The only specialist that there is. Its file may change meanwhile; the replay is of one definition."""

    specialist: Specialist

    def names(self) -> list[str]:
        return [self.specialist.name]

    def load(self, name: str) -> Specialist:
        return self.specialist

    def scan(self) -> dict[str, Specialist | ConfigurationError]:
        return {self.specialist.name: self.specialist}
