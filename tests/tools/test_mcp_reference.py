"""Tool `mcp` with servers of somebody else's: the reference servers, where Node is and npm can be reached."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from shutil import which
from typing import Any

import pytest

from platos.clock import SystemClock, ThreadOffload
from platos.config.pins import write_pin
from platos.config.settings import ServerSettings
from platos.core.effect import Receipt
from platos.errors import InvalidOutput
from platos.ports.part import Environment
from platos.tools._mcp_server import Line, open_line
from platos.tools.mcp import Mcp, McpOptions
from tests.tools.mcp_bench import failure_of, pin_of

VERSION = "2026.8.31"
_PATIENCE = 100
"""Seconds for npm."""


def installed(folder: Path, name: str) -> str:
    """The program of a reference server, installed there; a test that cannot have it is skipped, and says why."""
    if which("node") is None or which("npm") is None:
        pytest.skip("Node and npm are not on this machine")
    package = f"@modelcontextprotocol/{name}@{VERSION}"
    command = ["npm", "install", "--prefix", str(folder), "--no-audit", "--no-fund", "--ignore-scripts", package]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=_PATIENCE)
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not install {package} in {_PATIENCE} s")
    if ran.returncode:
        pytest.skip(f"npm cannot install {package}: {ran.stderr.strip()[-200:]}")
    return str(folder / "node_modules" / ".bin" / f"mcp-{name}")


@pytest.fixture
def filesystem(tmp_path: Path) -> list[str]:
    (tmp_path / "notes").mkdir()
    return [installed(tmp_path, "server-filesystem"), str(tmp_path / "notes")]


@pytest.fixture
def everything(tmp_path: Path) -> list[str]:
    return [installed(tmp_path, "server-everything"), "stdio"]


class Desk:
    """A workspace with one reference server, and the connection to it."""

    def __init__(self, environment: Environment, line: Line) -> None:
        self.environment, self._line = environment, line

    async def accept_all(self) -> list[str]:
        listed = await self._line.listed()
        for each in listed:
            await self.environment.offload(write_pin, self.environment.workspace, pin_of(each))
        return [each.tool for each in listed]

    async def call(self, tool: str, **arguments: Any) -> Receipt:
        made = await Mcp(McpOptions(server="they", tool=tool), self.environment).in_run(self._share)
        receipt: Receipt = await made.call(made.Arguments.model_validate(arguments), "key")
        return receipt

    async def _share(self, name: str, opened: Any) -> Line:
        return self._line


@asynccontextmanager
async def desk_with(folder: Path, command: list[str]) -> AsyncIterator[Desk]:
    its = ServerSettings(command=tuple(command))
    environment = Environment(folder, SystemClock(), ThreadOffload(), str, settings={"mcp": {"they": its}})
    async with open_line("they", its, environment) as line:
        yield Desk(environment, line)


async def test_the_reference_server_of_files_is_used_as_tools(tmp_path: Path, filesystem: list[str]) -> None:
    note = tmp_path / "notes" / "a.txt"
    async with desk_with(tmp_path, filesystem) as desk:
        assert {"read_text_file", "write_file"} <= set(await desk.accept_all())
        await desk.call("write_file", path=str(note), content="An advisory.")
        assert note.read_text() == "An advisory."
        assert (await desk.call("read_text_file", path=str(note))).data["text"] == "An advisory."
        assert isinstance(await failure_of(desk.call("read_text_file", path="/etc/passwd")), InvalidOutput)


@pytest.mark.exhaustive
async def test_the_reference_server_of_everything_is_used_as_tools(tmp_path: Path, everything: list[str]) -> None:
    async with desk_with(tmp_path, everything) as desk:
        listed = await desk.accept_all()
        assert not {each for each in listed if "sampling" in each or "elicitation" in each or "roots" in each}
        assert (await desk.call("echo", message="hi")).data["text"] == "Echo: hi"
        assert (await desk.call("get-sum", a=1, b=2)).data["text"].endswith("is 3.")
        assert "image of type image/png" in (await desk.call("get-tiny-image")).data["left_out"][0]
        assert "structured" in (await desk.call("get-structured-content", location="New York")).data
