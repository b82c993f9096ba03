"""Where Prometheus asks: `GET /metrics` on the loopback address, and nothing else.

Small enough to stand on the event loop itself, so that it ends with its task group and no thread outlives it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from http import HTTPStatus

import anyio
from anyio.abc import Listener, SocketAttribute, SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream

from platos.cli._metrics import CONTENT_TYPE, exposition
from platos.errors import PlatosError, UsageError
from platos.ports.offload import Offload
from platos.runtime.measures import Measures

__all__ = ["listen", "serve_metrics"]

log = logging.getLogger("platos")

Measure = Callable[[], Awaitable[Measures | None]]

_LOOPBACK = "127.0.0.1"
_LONGEST_HEAD = 8_192
_PATIENCE = 30.0
"""Seconds that one request may take, whoever is slow."""

_GONE = (anyio.BrokenResourceError, anyio.EndOfStream, anyio.IncompleteRead, anyio.DelimiterNotFound)


async def listen(port: int) -> Listener[SocketStream]:
    """Take the port, 0 for any that is free. Raises UsageError where it cannot be had."""
    try:
        listener = await anyio.create_tcp_listener(local_host=_LOOPBACK, local_port=port)
    except OSError as error:
        raise UsageError(
            f"measures cannot be served there: {(error.strerror or str(error)).lower()}",
            where=f"{_LOOPBACK}:{port}",
            expected="a port that is free",
            hint="another port with --metrics PORT, or --metrics 0, which picks one",
        ) from None
    log.info("measures at http://%s:%d/metrics", _LOOPBACK, listener.extra(SocketAttribute.local_port))
    return listener


async def serve_metrics(listener: Listener[SocketStream], measure: Measure, offload: Offload) -> None:
    """Answer for ever. However many ask at once, the store is asked by one at a time."""
    turn = anyio.Lock()

    async def handle(stream: SocketStream) -> None:
        async with stream:
            try:
                with anyio.move_on_after(_PATIENCE):
                    line = await _request_line(stream)
                    async with turn:
                        answer = await _answer(line, measure, offload)
                    await stream.send(answer)
            except _GONE:
                return

    await listener.serve(handle)


async def _request_line(stream: SocketStream) -> bytes:
    head = await BufferedByteReceiveStream(stream).receive_until(b"\r\n\r\n", _LONGEST_HEAD)
    return head.partition(b"\r\n")[0]


async def _answer(line: bytes, measure: Measure, offload: Offload) -> bytes:
    method, _, target = line.partition(b" ")
    if target.split(b" ")[0].split(b"?")[0] != b"/metrics":
        return _response(HTTPStatus.NOT_FOUND, b"there is /metrics\n")
    if method != b"GET":
        return _response(HTTPStatus.METHOD_NOT_ALLOWED, b"it can only be read: GET\n")
    try:
        return _response(HTTPStatus.OK, await offload(exposition, await measure()), CONTENT_TYPE)
    except PlatosError as error:
        log.warning("the measures cannot be taken: %s", error)
    except Exception:
        log.exception("taking the measures broke, which it should not")
    return _response(HTTPStatus.SERVICE_UNAVAILABLE, b"the measures cannot be taken; the log says why\n")


def _response(status: HTTPStatus, body: bytes, kind: str = "text/plain; charset=utf-8") -> bytes:
    head = f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + body
