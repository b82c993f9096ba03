"""Control: how other processes ask the one that owns the state folder to change something.

A Unix socket of mode 0600 in the state folder; one request and one answer a connection, each a line of JSON.
"""

from __future__ import annotations

import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import msgspec
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from platos.errors import Broken, ConfigurationError, PlatosError, StoreCorrupt, Unreachable, UsageError

__all__ = ["Answer", "Command", "Request", "ask", "serve", "socket_path"]

log = logging.getLogger("platos")

_MOST_BYTES = 64 * 1024 * 1024
_LONGEST_PATH = 100
_GONE = (anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead, anyio.DelimiterNotFound)

Command = Callable[[Mapping[str, Any]], Awaitable[Any]]


class Request(msgspec.Struct, frozen=True):
    """What is wanted: a command's name and its arguments."""

    command: str
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)


class Answer(msgspec.Struct, frozen=True):
    """The result, or the error that there was instead."""

    result: Any = None
    error: dict[str, Any] | None = None


def socket_path(folder: Path) -> Path:
    """Where the socket of a state folder is. Raises ConfigurationError where the path is too long for one."""
    path = (folder / "control.sock").absolute()
    if len(os.fsencode(path)) > _LONGEST_PATH:
        raise ConfigurationError(
            "the path is too long for a Unix socket",
            where=str(path),
            expected=f"at most {_LONGEST_PATH} bytes",
            hint="move the workspace to a shorter path",
        )
    return path


@asynccontextmanager
async def serve(folder: Path, commands: Mapping[str, Command]) -> AsyncIterator[None]:
    """Answer requests for as long as the block lasts. The caller owns the folder, so an old socket is nobody's."""
    path = anyio.Path(socket_path(folder))
    await path.unlink(missing_ok=True)
    listener = await anyio.create_unix_listener(path, mode=0o600)
    ours = (await path.stat()).st_ino

    async def handle(stream: SocketStream) -> None:
        async with stream:
            try:
                await _answer(stream, commands)
            except _GONE:
                return  # the asker has gone; what it asked for was done or not begun

    async with listener, anyio.create_task_group() as tasks:
        tasks.start_soon(listener.serve, handle)
        try:
            yield
        finally:
            tasks.cancel_scope.cancel()
            with anyio.CancelScope(shield=True):
                await _remove(path, ours)


async def _remove(path: anyio.Path, ours: int) -> None:
    """Remove our socket; whoever has taken the folder over may have put another in its place."""
    if await path.exists() and (await path.stat()).st_ino == ours:
        await path.unlink(missing_ok=True)


async def _answer(stream: SocketStream, commands: Mapping[str, Command]) -> None:
    line = await BufferedByteReceiveStream(stream).receive_until(b"\n", _MOST_BYTES)
    try:
        request = msgspec.json.decode(line, type=Request)
        command = commands.get(request.command)
        if command is None:
            raise UsageError(f"there is no command {request.command!r}", expected=", ".join(sorted(commands)))
        answer = Answer(result=await command(request.arguments))
    except msgspec.DecodeError as error:
        answer = Answer(error=UsageError(f"that is no request: {error}").as_dict())
    except StoreCorrupt as error:
        await stream.send(msgspec.json.encode(Answer(error=error.as_dict())) + b"\n")
        raise  # nothing more is to be written
    except PlatosError as error:
        answer = Answer(error=error.as_dict())
    except Exception as error:
        log.exception("a command broke that should not")
        answer = Answer(error=Broken(f"{type(error).__name__}: {error}").as_dict())
    await stream.send(msgspec.json.encode(answer) + b"\n")


async def ask(folder: Path, command: str, arguments: Mapping[str, Any]) -> Answer | None:
    """The answer of the process that owns a folder; None where none listens. Raises Unreachable where it breaks off."""
    try:
        stream = await anyio.connect_unix(socket_path(folder))
    except (OSError, ConfigurationError):  # nobody listens there, or nobody can
        return None
    async with stream:
        try:
            await stream.send(msgspec.json.encode(Request(command, dict(arguments))) + b"\n")
            line = await BufferedByteReceiveStream(stream).receive_until(b"\n", _MOST_BYTES)
        except _GONE:
            raise Unreachable("platos up ended before it answered", hint="platos status shows what was done") from None
    return msgspec.json.decode(line, type=Answer)
