"""A whole Internet in one process: names that mean what a test says, and addresses that one site answers for."""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Any

from anyio import getaddrinfo
from httpcore2 import SOCKET_OPTION, AnyIOBackend, AsyncNetworkBackend, AsyncNetworkStream

PUBLIC = "93.184.216.34"
NAT64 = IPv6Network("64:ff9b::/96")


def is_inside(address: str) -> bool:
    """Does the address lead to where no tool may go? By the standard library's tables, and not by Platos' own."""
    found = ip_address(address)
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour or (found.teredo and found.teredo[1])
        found = inner or (IPv4Address(found.packed[-4:]) if found in NAT64 else found)
    return not found.is_global or found.is_multicast or found.is_reserved or str(found) == "168.63.129.16"


class _Stream(AsyncNetworkStream):
    """A connection that says whom it is with."""

    def __init__(self, stream: AsyncNetworkStream, peer: tuple[str, int]) -> None:
        self._stream, self._peer = stream, peer
        self.read, self.write, self.aclose = stream.read, stream.write, stream.aclose  # type: ignore[method-assign]

    def get_extra_info(self, info: str) -> Any:
        return self._peer if info == "server_addr" else self._stream.get_extra_info(info)


class Internet(AsyncNetworkBackend):
    """`connected` are the addresses that were connected to, in order. Behind all of them stands the site at `port`.

    `names` are what a name means: one answer after the other, and the last from then on. Numbers are resolved as the
    machine does, in all their writings; what is not known is no name. `peers` are addresses that another answers for.
    """

    def __init__(
        self, port: int, names: Mapping[str, Sequence[Sequence[str]]] = {}, peers: Mapping[str, str] = {}
    ) -> None:
        self.connected: list[str] = []
        self._port, self._peers = port, peers
        self._names = {name: list(answers) for name, answers in names.items()}

    @property
    def inside(self) -> list[str]:
        """The connections that should not have been."""
        return [address for address in self.connected if is_inside(address)]

    async def names(self, host: str, port: int) -> list[str]:
        """As `resolve` does."""
        answers = self._names.get(host.lower().rstrip("."))
        if answers is not None:
            return list(answers.pop(0) if len(answers) > 1 else answers[0])
        found = await getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(entry[4][0]) for entry in found]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> AsyncNetworkStream:
        """To the site; judged by the address, never by the name."""
        address = host if _is_number(host) else (await self.names(host, port))[0]
        peer = self._peers.get(address, address)
        self.connected.append(peer)
        return _Stream(await AnyIOBackend().connect_tcp("127.0.0.1", self._port), (peer, port))


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
