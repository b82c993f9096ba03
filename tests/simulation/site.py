"""The workspace of a simulated week: its folder, its parts, and the app that every life of its process starts from."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from platos.app import App, WorkspaceParts, load_workspace
from platos.config.definitions import Definitions
from platos.config.workspace import SETTINGS_FILE, Workspace
from platos.core.mistake import Locate, dotted
from platos.core.role import Role
from platos.ports.clock import Clock
from platos.ports.part import PartKind, declaration_of

__all__ = ["MadeParts", "Site"]

MadeParts = Mapping[tuple[PartKind, str], Any]


@dataclass(frozen=True)
class _Parts(WorkspaceParts):
    """The parts that a week has made itself, before those that come with Platos."""

    made: MadeParts = field(default_factory=dict)

    def names(self, kind: PartKind) -> list[str]:
        return sorted({*super().names(kind), *(name for made, name in self.made if made == kind)})

    def version(self, kind: PartKind, name: str) -> str:
        return "1" if (kind, name) in self.made else super().version(kind, name)

    def build(self, kind: PartKind, name: str, options: Mapping[str, Any]) -> Any:
        return self.made[kind, name] if (kind, name) in self.made else super().build(kind, name, options)

    def role(self, actor: str) -> Role:
        if ("actor", actor) not in self.made:
            return super().role(actor)
        said = declaration_of(type(self.made["actor", actor]))
        return Role(actor=actor) if said is None else said.role

    def check(self, kind: PartKind, name: str, options: Mapping[str, Any], at: Locate = dotted) -> object:
        return None if (kind, name) in self.made else self.registry.check(kind, name, options, at)


@cache
def _any_app() -> App:
    """The app of an empty workspace. Looking for parts takes time, and finds the same for each week.

    It keeps everything for ever: all that happened is looked at in the end, also where the clock slept for a year.
    """
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, SETTINGS_FILE).write_text("[retention]\ndays = 0\n", "utf-8")
        return load_workspace(Workspace(Path(folder)), environ={}, inline=True)


class Site:
    """A folder, and what a person does with the files in it."""

    def __init__(self, folder: Path, parts: MadeParts, clock: Clock) -> None:
        empty, workspace = _any_app(), Workspace(folder)
        known = _Parts(empty.parts.registry, empty.parts.environment, empty.parts.settings, parts)
        definitions = Definitions(workspace, empty.settings.settings, known)
        self.app = replace(empty, workspace=workspace, parts=known, definitions=definitions, clock=clock)
        self._writes = 0
        workspace.specialists.mkdir()

    def write(self, name: str, text: str) -> None:
        """Write a specialist's file. Its time is never that of another writing, however fast the week goes by."""
        path = self.app.workspace.specialists / f"{name}.md"
        path.write_text(text, "utf-8")
        self._writes += 1
        os.utime(path, ns=(0, self._writes))

    def remove(self, name: str) -> None:
        (self.app.workspace.specialists / f"{name}.md").unlink(missing_ok=True)
