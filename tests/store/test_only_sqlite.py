"""Nothing but SQLite opens the database files: closing any other handle of the process drops SQLite's locks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

CHILD = Path(__file__).with_name("busy.py")
WATCHED = """
import runpy, sys

def watch(event, arguments):
    if event == "open" and "platos.db" in str(arguments[0]):
        print("opened", flush=True)

sys.addaudithook(watch)
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""
PLANTED = "open(sys.argv[1] + '/.platos/platos.db').close()"


def opens(workspace: Path, then: str = "") -> int:
    """How often Python itself opens one of the files while a process lives through a day of the workspace."""
    home = {**os.environ, "XDG_CONFIG_HOME": str(workspace.parent)}
    command = [sys.executable, "-c", WATCHED + then, str(CHILD), str(workspace)]
    done = subprocess.run(command, env=home, check=True, capture_output=True, text=True, timeout=100)
    lines: list[str] = done.stdout.split()
    return lines.count("opened")


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose state file is there."""
    made = tmp_path_factory.mktemp("watched") / "workspace"
    assert opens(made) == 1  # it is made private before SQLite sees it
    return made


def test_the_files_are_opened_by_sqlite_alone(workspace: Path) -> None:
    assert opens(workspace) == 0


def test_another_way_in_is_noticed(workspace: Path) -> None:
    """Planted: somebody reads the file."""
    assert opens(workspace, PLANTED) == 1
