"""A workspace to configure, and parts of its own to name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from platos.config.workspace import Workspace
from platos.registry import Registry

PARTS = """
from pydantic import BaseModel
from platos import planner, source, tier, tool

@source("shelf", version="1")
class Shelf:
    class Options(BaseModel):
        path: str
        depth: int = 1

@tier("look", version="1")
class Look: pass

@planner("plain", version="1")
class Plain: pass

@tool("print", version="1")
class Print: pass
"""

SPECIALIST = """---
owner: ana
schedule: "*/15 * * * *"
sources:
  - shelf:
      path: inbox
triage:
  - look
planner: plain
tools:
  - print
policy:
  print: 2
done_when:
  - receipt: print
  - cited
---

Watch the shelf.
"""


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    found = Workspace(tmp_path / "workspace")
    found.specialists.mkdir(parents=True)
    found.settings_file.write_text("")
    return found


@pytest.fixture
def parts(tmp_path: Path) -> Registry:
    path = tmp_path / "parts.py"
    path.write_text(PARTS)
    return Registry([path])


@pytest.fixture
def write(workspace: Workspace) -> Callable[..., Path]:
    """`write(("ana", "bo"))`: the specialist `papers` in a file, with one text in place of another."""

    def written(*changes: tuple[str, str], name: str = "papers") -> Path:
        text = SPECIALIST
        for old, new in changes:
            assert old in text
            text = text.replace(old, new, 1)
        path = workspace.specialists / f"{name}.md"
        path.write_text(text)
        return path

    return written
