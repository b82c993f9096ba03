"""A folder with an MCP server in it, the tool that is taken of it, and the processes that are left of it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio import to_thread

from platos.clock import SystemClock, ThreadOffload
from platos.config.pins import Listed, Pin, write_pin
from platos.config.settings import ServerSettings
from platos.core.effect import Receipt
from platos.errors import Failure
from platos.ports.part import Environment
from platos.ports.tool import is_remote
from platos.tools._mcp_server import open_line
from platos.tools.mcp import Mcp, McpOptions

__all__ = ["SERVER", "TOKEN", "Bench", "failure_of", "gone", "pin_of"]

SERVER = Path(__file__).parent / "raw_server.py"
TOKEN = "t0ken-of-the-test"


class Bench:
    """A folder with a server in it, and the tool `put` of that server."""

    def __init__(self, folder: Path, **its: Any) -> None:
        self.folder = folder
        command = [sys.executable, str(SERVER), str(folder)]
        self.its = ServerSettings.model_validate({"command": command, "timeout": "20s", **its})
        secrets = {"env:T": TOKEN}
        settings = {"mcp": {"raw": self.its}}
        self.environment = Environment(
            folder, SystemClock(), ThreadOffload(), lambda name: secrets[name], settings=settings
        )

    def set(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def lines(self, name: str) -> list[str]:
        path = self.folder / name
        return path.read_text().splitlines() if path.exists() else []

    async def listed(self) -> list[Listed]:
        async with open_line("raw", self.its, self.environment) as line:
            return await line.listed()

    async def accept(self) -> Listed:
        [listed] = await self.listed()
        await to_thread.run_sync(write_pin, self.folder, pin_of(listed))
        return listed

    async def tool(self, **options: Any) -> Any:
        """The tool as a run would have it, but with a connection for every call."""
        made = Mcp(McpOptions.model_validate({"server": "raw", "tool": "put", **options}), self.environment)
        assert is_remote(made)
        await made.in_run(_nothing_shared)
        return made

    async def call(self, **arguments: Any) -> Receipt:
        tool = await self.tool()
        receipt: Receipt = await tool.call(tool.Arguments.model_validate({"name": "a", **arguments}), "key")
        return receipt


def pin_of(listed: Listed) -> Pin:
    return Pin(pin=listed.pin, by="person:test", at="now", listed=listed)


async def _nothing_shared(name: str, opened: Any) -> Any:
    raise AssertionError(name)


def alive(pid: str) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def gone(pid: str) -> None:
    with anyio.fail_after(10):
        while alive(pid):  # noqa: ASYNC110 - the kernel tells no event of it
            await anyio.sleep(0.01)


async def failure_of(asked: Awaitable[object]) -> Failure:
    with pytest.raises(Failure) as caught:
        await asked
    return caught.value
