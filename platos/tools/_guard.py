"""Connections that are made to the address that was checked, and to no other.

A name is resolved here, every address that it has is looked at, one of them is connected to, and who answers is
looked at once more. A check that is made earlier, of the text or of another resolution, proves nothing: names change
what they mean between two questions.
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Awaitable, Callable, Collection, Iterable
from typing import Any

import anyio
from httpcore2 import (
    SOCKET_OPTION,
    AnyIOBackend,
    AsyncNetworkBackend,
    AsyncNetworkStream,
    ConnectError,
    ConnectTimeout,
)

from platos.errors import PermissionDenied
from platos.tools._address import is_public, plain

__all__ = ["Guard", "Resolve", "resolve"]

_MOST_TRIED = 4

Resolve = Callable[[str, int], Awaitable[list[str]]]
"""The addresses of a host, in their numeric form. Raises OSError."""


async def resolve(host: str, port: int) -> list[str]:
    """As this machine resolves names."""
    found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Guard(AsyncNetworkBackend):
    """The network of one request, as httpcore2 wants it. `private` are hosts that may have an address that is not of
    the public Internet: their owner names them. `sent` tells whether a byte of a request has left."""

    def __init__(
        self, private: Collection[str], *, names: Resolve = resolve, network: AsyncNetworkBackend | None = None
    ) -> None:
        self._private, self._names, self._network = private, names, network
        self.sent = False

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """Raises PermissionDenied where any address of the host is not public, or where another one answers."""
        network = self._network or AnyIOBackend()
        addresses, private = await self._addresses(host, port), host in self._private
        if not (private or all(map(is_public, addresses))):
            raise _refused(host, "it has an address that is not of the public Internet")
        failed: Exception = ConnectError("it has no address")
        for address in addresses[:_MOST_TRIED]:
            try:
                stream = await network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (ConnectError, ConnectTimeout) as error:
                failed = error
                continue
            if not _is_peer(stream, address):
                await stream.aclose()
                raise _refused(host, "another address answers than was connected to")
            return _Watched(self, stream)
        raise failed

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[SOCKET_OPTION] | None = None
    ) -> AsyncNetworkStream:
        """Never."""
        raise _refused(path, "it is no host")

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[str]:
        try:
            return await self._names(host, port)
        except (OSError, UnicodeError) as error:
            raise ConnectError(f"the name cannot be resolved: {error}") from None


class _Watched(AsyncNetworkStream):
    """A connection that notices when something is sent."""

    def __init__(self, guard: Guard, stream: AsyncNetworkStream) -> None:
        self._guard, self._stream = guard, stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._guard.sent = True
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> AsyncNetworkStream:
        return _Watched(self._guard, await self._stream.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _is_peer(stream: AsyncNetworkStream, address: str) -> bool:
    peer = stream.get_extra_info("server_addr")
    try:
        return bool(peer) and plain(str(peer[0]).partition("%")[0]) == plain(address.partition("%")[0])
    except ValueError:
        return False


def _refused(host: str, why: str) -> PermissionDenied:
    return PermissionDenied(
        f"no connection is made to this host: {why}",
        where=host,
        expected="a host of the public Internet, or one that the tool's owner names",
        hint="where it is meant, name the host under `private` in the tool's options",
    )
