"""Where `platos up --approvals` listens: on the loopback address, unless another one is named."""

from __future__ import annotations

import logging
from http import HTTPStatus
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

import anyio
from anyio.abc import Listener, SocketAttribute, SocketStream

from platos.cli._approvals import Desk
from platos.cli._approvals_page import saying
from platos.cli._http import GONE, Refused, read_request
from platos.errors import UsageError

__all__ = ["Door", "open_door", "serve_approvals"]

log = logging.getLogger("platos")

_LOOPBACK = "127.0.0.1"
_PATIENCE = 30.0
"""Seconds that one request may take, whoever is slow."""

_AT_ONCE = 32
"""Connections that are answered at once; who comes then is told to come again."""


class Door(NamedTuple):
    """Where it listens, the address that links begin with, and the names that it may be asked under."""

    listener: Listener[SocketStream]
    base: str
    hosts: frozenset[str]


async def open_door(address: str, url: str | None) -> Door:
    """Listen at `PORT` or `HOST:PORT`; `url` is how people reach it, where that is another address.

    Raises UsageError where it cannot be had, or nobody could reach it.
    """
    host, port = _parse(address)
    if ip_address(host).is_unspecified and url is None:
        raise UsageError(
            "a link to that address leads nowhere",
            where=address,
            expected="an address that people can reach",
            hint='in platos.toml: [approvals] url = "https://desk.example.com"',
        )
    try:
        listener = await anyio.create_tcp_listener(local_host=host, local_port=port)
    except OSError as error:
        raise UsageError(
            f"gates cannot be answered there: {(error.strerror or str(error)).lower()}",
            where=address,
            expected="an address of this machine, and a port that is free",
            hint="another one with --approvals HOST:PORT, or --approvals 0, which picks a port",
        ) from None
    taken = listener.extra(SocketAttribute.local_port)
    base = (url or f"http://{_in_brackets(host)}:{taken}").rstrip("/")
    log.info("gates can be answered at %s, by the links that people are sent", base)
    return Door(listener, base, frozenset(_hosts(host, taken, base)))


def _parse(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    host = {"": _LOOPBACK, "localhost": _LOOPBACK}.get(host, host.strip("[]"))
    try:
        ip_address(host)
        number = int(port) if port.isascii() and port.isdigit() else -1
    except ValueError:
        number = -1
    if not 0 <= number <= 65_535:
        raise UsageError(
            f"{address!r} is no address to listen at",
            expected="PORT, or HOST:PORT with HOST as a number",
            hint="--approvals 8100, or --approvals 192.168.1.5:8100",
        )
    return host, number


def _hosts(host: str, port: int, base: str) -> set[str]:
    """What the header `Host` may say."""
    names = {urlsplit(base).netloc.lower(), f"{_in_brackets(host)}:{port}"}
    return names | {f"localhost:{port}"} if ip_address(host).is_loopback else names


def _in_brackets(host: str) -> str:
    return f"[{host}]" if ":" in host else host


async def serve_approvals(door: Door, desk: Desk) -> None:
    """Answer for ever."""
    room = anyio.CapacityLimiter(_AT_ONCE)

    async def handle(stream: SocketStream) -> None:
        async with stream:
            try:
                with anyio.move_on_after(_PATIENCE):
                    await _converse(stream, desk, room)
            except GONE:
                return

    await door.listener.serve(handle)


async def _converse(stream: SocketStream, desk: Desk, room: anyio.CapacityLimiter) -> None:
    try:
        room.acquire_nowait()
    except anyio.WouldBlock:
        await stream.send(saying(HTTPStatus.SERVICE_UNAVAILABLE, "too many ask at once; come again").encode())
        return
    try:
        request = await read_request(stream)
        answer = await desk.answer(request)
        await stream.send(answer.encode(head_only=request.method == "HEAD"))
    except Refused as refused:
        await stream.send(saying(refused.status, "that cannot be read as a request").encode())
    finally:
        room.release()
