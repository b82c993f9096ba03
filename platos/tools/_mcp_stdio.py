"""An MCP server as a process: messages are lines on its stdin and stdout, and what it complains of is on its stderr.

The SDK's own transport keeps a line however long it gets, and sends stderr to ours: this one bounds both.
"""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from subprocess import PIPE
from typing import TYPE_CHECKING

import anyio
from anyio.abc import ByteReceiveStream, Process
from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

from platos.errors import Unavailable
from platos.tools._mcp_wire import Wire

if TYPE_CHECKING:
    from mcp.shared.message import SessionMessage

    Streams = tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]

__all__ = ["environment", "over_stdio"]

log = logging.getLogger("platos")

_INHERITED = ("PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "TMPDIR")
_GRACE = 0.5
"""Seconds that a server has to end by itself once its stdin is closed, and again once it was told to."""

_MOST_COMPLAINTS = 4_096
_MOST_NOISE = 100
"""Lines on stdout that are no messages: some servers greet there, before they speak the protocol."""


def environment(own: Mapping[str, str]) -> dict[str, str]:
    """What a server may see of our environment, never the keys that lie in the rest of it, and its own variables."""
    return {**{name: os.environ[name] for name in _INHERITED if name in os.environ}, **own}


@asynccontextmanager
async def over_stdio(
    wire: Wire, command: Sequence[str], folder: Path, variables: Mapping[str, str]
) -> AsyncIterator[Streams]:
    """A transport for the SDK: the server, started in a process group of its own, which is killed at the end.

    Raises Unavailable where it cannot be started.
    """
    process = await _started(wire, command, folder, variables)
    to_us, incoming = anyio.create_memory_object_stream["SessionMessage | Exception"](0)
    outgoing, from_us = anyio.create_memory_object_stream["SessionMessage"](0)
    assert process.stdin is not None
    async with to_us, incoming, outgoing, from_us, anyio.create_task_group() as tasks:
        tasks.start_soon(_read, wire, process, to_us)
        tasks.start_soon(_complain, wire, process)
        tasks.start_soon(_write, process, from_us, to_us)
        try:
            yield incoming, outgoing
        finally:
            with anyio.CancelScope(shield=True):
                await _stop(process)
            tasks.cancel_scope.cancel()


async def _started(wire: Wire, command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Process:
    try:
        return await anyio.open_process(
            command, stdin=PIPE, stdout=PIPE, stderr=PIPE, cwd=folder, env=dict(variables), start_new_session=True
        )
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"the server cannot be started: {getattr(error, 'strerror', None) or error}",
            where=wire.server,
            expected="a command that is installed, by its name or path",
            hint=f"correct the command of [mcp.{wire.server}], or install it",
        ) from None


async def _read(wire: Wire, process: Process, to_us: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
    """Every line that is a message, until the stream ends or too much comes."""
    from mcp.shared.message import SessionMessage
    from mcp_types import jsonrpc_message_adapter

    assert process.stdout is not None
    noise = 0
    async with to_us:
        with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
            async for line in _lines(wire, process.stdout):
                try:
                    message = jsonrpc_message_adapter.validate_json(line, by_name=False)
                except ValueError:
                    noise += 1
                    wire.complain(f"no message, but {line.decode('utf-8', 'replace')}")
                    if noise > _MOST_NOISE:
                        wire.fail("it does not speak the protocol: what it prints are no messages")
                        return
                else:
                    await to_us.send(SessionMessage(message))


async def _lines(wire: Wire, stream: ByteReceiveStream) -> AsyncIterator[bytes]:
    rest = bytearray()
    async for chunk in stream:
        if not wire.take(len(chunk)):
            return
        start = len(rest)
        rest += chunk
        while (end := rest.find(b"\n", start)) >= 0:
            line = bytes(rest[:end]).strip()
            del rest[: end + 1]
            start = 0
            if line:
                yield line


async def _complain(wire: Wire, process: Process) -> None:
    """What it says on stderr: the first of it is logged, and the last line is kept to explain its end."""
    assert process.stderr is not None
    left, kept = _MOST_COMPLAINTS, b""
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError):
        async for chunk in process.stderr:
            kept = (kept + chunk)[-_MOST_COMPLAINTS:]
            lines = [line for line in kept.splitlines() if line.strip()]
            wire.complain(lines[-1].decode("utf-8", "replace") if lines else "")
            for line in chunk[: max(0, left)].splitlines():
                log.info("%s says: %s", wire.server, wire.plain(line.decode("utf-8", "replace")))
            left -= len(chunk)


async def _write(
    process: Process,
    from_us: MemoryObjectReceiveStream[SessionMessage],
    to_us: MemoryObjectSendStream[SessionMessage | Exception],
) -> None:
    assert process.stdin is not None
    try:
        async for each in from_us:
            text = each.message.model_dump_json(by_alias=True, exclude_unset=True)
            await process.stdin.send(text.encode() + b"\n")
    except (anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        await to_us.aclose()  # who waits for an answer learns that none comes


async def _stop(process: Process) -> None:
    """Close its stdin, wait a moment, and kill it with everything that it started.

    What has left its process group cannot be found; all that it may hold of ours is a pipe, and we let go of that.
    """
    assert process.stdin is not None
    with suppress(anyio.BrokenResourceError, anyio.ClosedResourceError, OSError):
        await process.stdin.aclose()
    await _has_ended(process)
    for last in (signal.SIGTERM, signal.SIGKILL):  # also where it has ended: what it started may not have
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, last)
        await _has_ended(process)
    transport = getattr(getattr(process, "_process", None), "_transport", None)
    if transport is not None:
        transport.close()
    await process.aclose()


async def _has_ended(process: Process) -> None:
    """Wait for its end, for a moment."""
    with anyio.move_on_after(_GRACE):
        while process.returncode is None:  # noqa: ASYNC110 - wait() would wait for all who inherited a pipe, too
            await anyio.sleep(0.01)
