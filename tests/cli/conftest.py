"""A workspace to type in, in this process and in others."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest
from typer.testing import CliRunner

from platos.cli import app
from platos.config.scaffold import init_workspace, offer_models

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "PLATOS_WORKSPACE")
NEW_YEAR = "0 0 1 1 *"
"""A schedule that no test sees come."""

PATIENCE = 60.0
"""Seconds after which a test gives up waiting; none passes or fails by how long something took."""


class Done(Protocol):
    """How a command ended."""

    @property
    def exit_code(self) -> int: ...

    @property
    def stdout(self) -> str: ...

    @property
    def stderr(self) -> str: ...


Cli = Callable[..., Done]
Told = Callable[..., dict[str, Any]]
Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture(autouse=True)
def _nothing_of_the_users_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "xdg"))
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    logger = logging.getLogger("platos")
    handlers, level = logger.handlers[:], logger.level
    yield
    logger.handlers[:] = handlers
    logger.setLevel(level)


@pytest.fixture
def root() -> Iterator[Path]:
    """A fresh workspace; its path is short, for there is a socket in it."""
    folder = Path(tempfile.mkdtemp(prefix="p"))
    init_workspace(folder / "w", models=offer_models({}, False))
    path = folder / "w" / "specialists" / "advisories.md"
    path.write_text(path.read_text().replace('"*/15 * * * *"', f'"{NEW_YEAR}"'))
    yield folder / "w"
    shutil.rmtree(folder)


@pytest.fixture
def cli(root: Path) -> Cli:
    """`cli("show", "r1")`: type it, with the workspace named in front."""

    def typed(*words: str, given: bytes | None = None) -> Done:
        return CliRunner().invoke(app, ["--workspace", str(root), *words], input=given)

    return typed


@pytest.fixture
def told(cli: Cli) -> Told:
    """The same with `--json`; the object."""

    def typed(*words: str, given: bytes | None = None) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(cli(*words, "--json", given=given).stdout)
        assert found["schema"] == 1
        return found

    return typed


@pytest.fixture
def waiting(cli: Cli) -> None:
    """The workspace after one wake-up: r1 waits for g1."""
    assert cli("wake", "advisories").exit_code == 5


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    """`start("up")`: a real process, killed at the test's end if it still runs."""
    running: list[subprocess.Popen[str]] = []

    def started(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "platos", "--workspace", str(root), *words]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ), cwd=root.parent
        )
        running.append(process)
        return process

    yield started
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def up(start: Start, root: Path) -> Start:
    """`up()`: `platos up`, once it answers."""

    def started(*words: str) -> subprocess.Popen[str]:
        process = start("up", *words)
        assert process.stderr is not None
        for line in process.stderr:
            if "Ctrl-C stops it" in line:
                return process
        raise AssertionError("platos up ended before it was up")

    return started


def add_settings(root: Path, text: str) -> None:
    """Write more into `platos.toml`."""
    path = root / "platos.toml"
    path.write_text(path.read_text() + text)


def until(condition: Callable[[], bool], what: str) -> None:
    """Return once the condition holds."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, f"waited in vain: {what}"
        time.sleep(0.05)
