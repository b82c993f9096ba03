"""A workspace to type in, in this process and in others."""

from __future__ import annotations

import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import anyio
import pytest
from typer.testing import CliRunner

from platos.cli import app
from platos.clock import SystemClock
from platos.config.scaffold import init_workspace, offer_models
from platos.store import accounts, open_store

KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "PLATOS_WORKSPACE")
NEW_YEAR = "0 0 1 1 *"
"""A schedule that no test sees come."""

PATIENCE = 60.0
"""Seconds after which a test gives up waiting; none passes or fails by how long something took."""


PRICED = """\
from platos import Price, model, ModelReply, Usage, Terms

DRAFT = '{"title": "t", "claims": [], "note": "", "remarks": [], "accepted": true, "confidence": 1,'
DRAFT += ' "signal": true, "reason": "it is one"}'


@model("priced", version="1")
class Priced:
    def __init__(self, environment):
        pass

    def price(self, name):
        return Price.flat(input=10**9, output=10**9, source="a list, 7")

    def terms(self, name):
        return Terms("priced")

    def input_bound(self, request):
        return 1_000

    async def complete(self, request, alive):
        usage = Usage(input=100, cached=300, output=600)
        return ModelReply(text=DRAFT, usage=usage, served="priced-2026")

    async def close(self):
        pass
"""


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
def priced(root: Path) -> None:
    """The frontier model costs a dollar for a million tokens: each call, $0.001."""
    (root / "parts.py").write_text(PRICED)
    settings = root / "platos.toml"
    settings.write_text(settings.read_text().replace('frontier = "offline"', 'frontier = "priced"'))
    add_settings(root, '\n[python]\nmodules = ["parts.py"]\n')


def _heed_ctrl_c() -> None:
    """A shell has what it starts in the background ignore Ctrl-C, and that is inherited."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    """`start("up")`: a real process, killed at the test's end if it still runs."""
    running: list[subprocess.Popen[str]] = []

    def started(*words: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "platos", "--workspace", str(root), *words]
        process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=dict(os.environ),
            cwd=root.parent,
            preexec_fn=_heed_ctrl_c,
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


def cap_all(root: Path, line: str) -> None:
    """Another cap on all specialists together than a dollar a day."""
    settings = root / "platos.toml"
    settings.write_text(settings.read_text().replace("day = 1.00", line))


def freeze(root: Path, account: str) -> None:
    async def frozen() -> None:
        async with open_store(root / ".platos", command="test", now=SystemClock().now()) as store:
            await store.transact(accounts.freeze, account, "a call cost $2.00 where $1.00 was its worst case", 1)

    anyio.run(frozen)
